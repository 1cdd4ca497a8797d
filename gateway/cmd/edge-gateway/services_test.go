//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// samplesAt writes the samples' configuration for an address of its own, with
// other drivers where the test has them.
func samplesAt(t *testing.T, address string, replace ...string) (config string) {
	t.Helper()
	text, err := os.ReadFile("../../samples.toml")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	config = strings.NewReplacer(`"../`, `"`+root+"/", "127.0.0.1:8080", address).Replace(string(text))
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(config, replace[i]) {
			t.Fatalf("the samples have no %q", replace[i])
		}
		config = strings.Replace(config, replace[i], replace[i+1], 1)
	}
	return write(t, filepath.Join(t.TempDir(), "samples.toml"), config)
}

// samplesData is a data directory of which only what was compiled is left, once
// a test has had the samples compiled: it takes long, and longest the first time.
func samplesData(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(binary), "samples")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() == "build" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// answer is what a client saw.
type answer struct {
	status int
	header http.Header
	body   string
}

func (p *process) send(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

func (a answer) want(t *testing.T, status int, body string) answer {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, body) {
		t.Errorf("%d %q, want %d with %q", a.status, a.body, status, body)
	}
	return a
}

func (a answer) json(t *testing.T) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%q: %v", a.body, err)
	}
	return v
}

func TestSamplesOfServicesWithEmbeddedDrivers(t *testing.T) {
	data := samplesData(t)
	mails := func() (all []string) {
		names, _ := filepath.Glob(filepath.Join(data, "services/mail/mail/*.eml"))
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(text))
		}
		return all
	}
	address := servertest.Loopback(servertest.Port(t))
	tryServices(t, data, address, samplesAt(t, address), mails)
}

func TestSamplesOfServicesWithRealServers(t *testing.T) {
	database, cache := servertest.Postgres(t), servertest.Redis(t)
	store, mail := servertest.S3(t, "files"), servertest.StartSMTP(t, servertest.SMTPOptions{})
	t.Setenv("TEST_DATABASE_URL", database.URL())
	t.Setenv("TEST_S3_KEY", servertest.S3AccessKey)
	t.Setenv("TEST_S3_SECRET", servertest.S3SecretKey)
	address := servertest.Loopback(servertest.Port(t))
	postgres := "\ndriver = \"postgres\"\nurl = \"env:TEST_DATABASE_URL\"\n"
	config := samplesAt(t, address,
		"name = \"notes-db\"\nkind = \"sql\"\n", "name = \"notes-db\"\nkind = \"sql\""+postgres,
		"name = \"contact-db\"\nkind = \"sql\"\n", "name = \"contact-db\"\nkind = \"sql\""+postgres,
		"kind = \"cache\"\n", fmt.Sprintf("kind = \"cache\"\ndriver = \"redis\"\naddress = %q\n", cache.Address),
		"kind = \"storage\"\n", fmt.Sprintf("kind = \"storage\"\ndriver = \"s3\"\nendpoint = %q\nbucket = %q\naccess_key = \"env:TEST_S3_KEY\"\nsecret_key = \"env:TEST_S3_SECRET\"\n", "http://"+store.Address, "files"),
		"kind = \"email\"\n", fmt.Sprintf("kind = \"email\"\ndriver = \"smtp\"\nhost = \"127.0.0.1\"\nport = %d\nencryption = \"none\"\n", mail.Port),
	)
	tryServices(t, samplesData(t), address, config, func() (all []string) {
		for _, m := range mail.Mails() {
			all = append(all, m.Body)
		}
		return all
	})
}

// tryServices does with the samples what their users would.
func tryServices(t *testing.T, data, address, config string, mails func() []string) {
	p := serve(t, nil, "--config", config, "--data", data, "--listen", address, "--no-access-log")

	note := p.send(t, "POST", "/notes", `{"title":"Milk","body":"two litres"}`).want(t, 201, `"title":"Milk"`)
	id, _ := note.json(t)["id"].(string)
	if id == "" || note.header.Get("Location") != "/notes/"+id {
		t.Fatalf("id %q, location %q", id, note.header.Get("Location"))
	}
	for range 2 { // the second is from the cache
		p.send(t, "GET", "/notes/"+id, "").want(t, 200, `"body":"two litres"`)
	}
	p.send(t, "POST", "/notes", `{"title":"Milk","body":""}`).want(t, 409, "title")
	p.send(t, "POST", "/notes", `{"title":7,"body":""}`).want(t, 400, `"field":"title"`)
	p.send(t, "POST", "/notes", `{"title":"x"}`).want(t, 400, "body")
	p.send(t, "POST", "/notes", `{`).want(t, 400, "line 1")
	p.send(t, "PUT", "/notes/"+id, `{"title":"Milk","body":"three"}`).want(t, 200, `"body":"three"`)
	p.send(t, "GET", "/notes/"+id, "").want(t, 200, `"body":"three"`)
	p.send(t, "GET", "/notes/nothing", "").want(t, 404, "")
	for n := range 4 {
		p.send(t, "POST", "/notes", fmt.Sprintf(`{"title":"n%d","body":""}`, n)).want(t, 201, "")
	}
	seen, after := 0, ""
	for pages := 0; pages < 4; pages++ {
		page := p.send(t, "GET", "/notes?limit=2&after="+after, "").want(t, 200, "").json(t)
		notes, _ := page["notes"].([]any)
		seen += len(notes)
		if after, _ = page["next"].(string); after == "" {
			break
		}
	}
	if seen != 5 {
		t.Errorf("%d notes in pages, want 5", seen)
	}
	p.send(t, "GET", "/notes?limit=x", "").want(t, 400, "limit")

	every := make([]byte, 256)
	for n := range every {
		every[n] = byte(n)
	}
	p.send(t, "PUT", "/files/some/where/bytes", string(every), "Content-Type", "application/x-test").want(t, 201, "")
	file := p.send(t, "GET", "/files/some/where/bytes", "").want(t, 200, string(every))
	etag := file.header.Get("Etag")
	if file.header.Get("Content-Type") != "application/x-test" || etag == "" {
		t.Errorf("%v", file.header)
	}
	part := p.send(t, "GET", "/files/some/where/bytes", "", "Range", "bytes=10-19").want(t, 206, string(every[10:20]))
	if part.header.Get("Content-Range") != "bytes 10-19/256" {
		t.Errorf("%v", part.header)
	}
	p.send(t, "GET", "/files/some/where/bytes", "", "Range", "bytes=256-").want(t, 416, "")
	p.send(t, "GET", "/files/some/where/bytes", "", "If-None-Match", etag).want(t, 304, "")
	p.send(t, "GET", "/files?prefix=some/", "").want(t, 200, `"key":"some/where/bytes"`)
	p.send(t, "DELETE", "/files/some/where/bytes", "").want(t, 204, "")
	p.send(t, "GET", "/files/some/where/bytes", "").want(t, 404, "")

	form := url.Values{"name": {"Ann Lee"}, "email": {"ann@example.com"}, "message": {"Is it you?"}}
	kind := []string{"Content-Type", "application/x-www-form-urlencoded"}
	p.send(t, "POST", "/contact", form.Encode(), kind...).want(t, 200, "")
	within(t, 20*time.Second, "the mail arrives", func() bool { return len(mails()) > 0 })
	if mail := mails()[0]; !strings.Contains(mail, "Is it you?") || !strings.Contains(mail, "ann@example.com") {
		t.Errorf("mail:\n%s", mail)
	}
	form.Set("email", "nowhere")
	p.send(t, "POST", "/contact", form.Encode(), kind...).want(t, 400, "email")

	fan := p.send(t, "GET", "/fanout?n=10", "").want(t, 200, "").json(t)
	answers, _ := fan["answers"].([]any)
	if len(answers) != 10 {
		t.Errorf("%v", fan)
	}
	for _, one := range answers {
		if one.(map[string]any)["status"] != 200.0 {
			t.Errorf("%v", one)
		}
	}

	p.stop(t)
	p = serve(t, nil, "--config", config, "--data", data, "--listen", address, "--no-access-log")
	p.send(t, "GET", "/notes/"+id, "").want(t, 200, `"body":"three"`)
	p.send(t, "DELETE", "/notes/"+id, "").want(t, 204, "")
	p.send(t, "GET", "/notes/"+id, "").want(t, 404, "")
	p.stop(t)
	if n := len(mails()); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
}
