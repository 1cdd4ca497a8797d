package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	scenarios "github.com/edge-gateway/edge-gateway/gateway/testdata/handlers/services/go"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// form is one way to write the handler of the scenarios.
type form struct {
	name string // the "how" of its paths too
	at   string // the endpoint
	not  string // a scenario that the language cannot express
}

var forms = []form{
	{name: "function", at: "/function"},
	{name: "awaiting", at: "/c"}, {name: "blocking", at: "/c"},
	{name: "rust", at: "/rust", not: "sql-not-utf8"}, // a str is UTF-8
	{name: "go", at: "/go"},
}

// drivers are one of every kind.
type drivers struct {
	services []gateway.Service // db, cache, files and mail
	differ   map[string]string // what the table has names for
	mails    func() []string   // that have arrived, whole
	other    []gateway.Service // drivers that are to take the place of others
}

func mailing(driver string, options config.Options) gateway.Service {
	options["from"], options["databases"] = "Shop <shop@example.com>", []string{"db"}
	return gateway.Service{Name: "mail", Kind: "email", Driver: driver, Options: options}
}

func embedded(t *testing.T) drivers {
	folder := filepath.Join(t.TempDir(), "mail")
	return drivers{
		services: []gateway.Service{
			{Name: "db", Kind: "sql"}, {Name: "cache", Kind: "cache"}, {Name: "files", Kind: "storage"}, mailing("directory", config.Options{"path": folder}),
		},
		differ: map[string]string{
			"last id": "2", "unique": "note.title", "key": "note.id", "missing": " missing", "created": "", "no object": "",
			// sqlite lets every value into every column.
			"wrong type": "ok",
		},
		mails: func() (mails []string) {
			files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				mail, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				mails = append(mails, string(mail))
			}
			return mails
		},
	}
}

// realServers are PostgreSQL, Redis, then Memcached, an S3 and an SMTP server.
func realServers(t *testing.T) drivers {
	post := servertest.StartSMTP(t, servertest.SMTPOptions{})
	return drivers{
		services: []gateway.Service{
			{Name: "db", Kind: "sql", Driver: "postgres", Options: config.Options{"url": servertest.Postgres(t).URL()}},
			{Name: "cache", Kind: "cache", Driver: "redis", Options: config.Options{"address": servertest.Redis(t).Address}},
			{Name: "files", Kind: "storage", Driver: "s3", Options: config.Options{
				"endpoint": "http://" + servertest.S3(t, "bucket").Address, "bucket": "bucket", "access_key": servertest.S3AccessKey, "secret_key": servertest.S3SecretKey,
			}},
			mailing("smtp", config.Options{"host": "127.0.0.1", "port": post.Port, "encryption": "none"}),
		},
		differ: map[string]string{
			"last id": "none", "unique": "note_title", "key": "note_pkey", "missing": "", "created": " PreconditionFailed", "no object": " NoSuchKey",
			"wrong type": "error -18 22P02 at 0",
		},
		mails: func() (mails []string) {
			for _, m := range post.Mails() {
				mails = append(mails, m.Body)
			}
			return mails
		},
		other: []gateway.Service{
			{Name: "cache", Kind: "cache", Driver: "memcached", Options: config.Options{"servers": []string{servertest.Memcached(t).Address}}},
		},
	}
}

// serviceGateway is a gateway with all forms of the handler, each bound to the same
// services.
type serviceGateway struct {
	*gateway.Gateway
	address  string
	snapshot gateway.Snapshot
	forms    []form
}

func serveScenarios(t *testing.T, d drivers) *serviceGateway {
	upstream := httptest.NewServer(http.HandlerFunc(answerUpstream))
	t.Cleanup(upstream.Close)
	closed := servertest.Loopback(servertest.Port(t))
	web := gateway.Service{Name: "web", Kind: "http", Options: config.Options{"allow": []string{upstream.Listener.Addr().String(), closed}, "allow_private": true}}
	var endpoints []gateway.Endpoint
	add := func(e gateway.Endpoint) {
		e.Path = "/" + e.Name + "/{how}/{scenario}"
		e.Services = map[string]string{"db": "db", "cache": "cache", "files": "files", "mail": "mail", "web": "web"}
		e.Config = map[string]string{"url": upstream.URL, "closed": "http://" + closed + "/"}
		e.Limits.Timeout = 10 * time.Second
		endpoints = append(endpoints, e)
	}
	add(gateway.Endpoint{Name: "function", Handler: scenarios.Answer})
	add(gateway.Endpoint{Name: "c", Library: build(t, "testdata/handlers/services/c")})
	add(gateway.Endpoint{Name: "rust", Library: build(t, "testdata/handlers/services/rust")})
	forms := slices.Clone(forms)
	if runtime.GOOS == "linux" {
		add(gateway.Endpoint{Name: "go", Library: buildGo(t, "testdata/handlers/services/go")})
	} else {
		forms = slices.DeleteFunc(forms, func(f form) bool { return f.name == "go" })
	}
	endpoints = append(endpoints, gateway.Endpoint{Name: "reset", Path: "/reset", Handler: resetTables, Services: map[string]string{"db": "db"}})
	s := &serviceGateway{forms: forms, snapshot: gateway.Snapshot{Endpoints: endpoints, Services: append(d.services, web)}}
	s.Gateway, s.address = start(t, gateway.Options{}, s.snapshot)
	return s
}

func answerUpstream(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/there":
		http.Redirect(w, r, "/here", http.StatusFound)
	case "/away":
		http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
	case "/slow":
		<-r.Context().Done()
	default:
		body, _ := io.ReadAll(r.Body)
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %v %s", r.Method, r.URL, r.Header.Values("x"), body)
	}
}

// resetTables makes the tables of the scenarios anew.
func resetTables(r *edge.Request) (*edge.Response, error) {
	db, err := r.SQL("db")
	if err != nil {
		return nil, err
	}
	for _, text := range []string{
		"drop table if exists typed", "drop table if exists note", "drop table if exists large", "create table large (y bytea)",
		"create table typed (id bigint primary key, b boolean, i bigint, f double precision, s text, y bytea, t timestamp with time zone, j json)",
		"create table note (id bigint primary key, title text not null constraint note_title unique, size bigint constraint note_small check (size < 100))",
	} {
		if _, err := db.Exec(text); err != nil {
			return nil, err
		}
	}
	return edge.Text(200, ""), nil
}

// TestServicesAnswerAlikeInEveryLanguage runs the table on every driver, from
// every language.
func TestServicesAnswerAlikeInEveryLanguage(t *testing.T) {
	for name, open := range map[string]func(*testing.T) drivers{"embedded": embedded, "real": realServers} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			s := serveScenarios(t, d)
			if s.ask(t, "/reset"); t.Failed() {
				return
			}
			s.signURLs(t)
			var names []string
			for name, text := range d.differ {
				names = append(names, "{"+name+"}", text)
			}
			fill := strings.NewReplacer(names...)
			for _, f := range s.forms {
				t.Run(f.name, func(t *testing.T) {
					s.answersTable(t, f, "", fill)
					s.presigns(t, f)
					s.sendsMail(t, f, d.mails)
				})
			}
			for _, other := range d.other {
				t.Run(other.Driver, func(t *testing.T) {
					s.forget(t)
					s.replace(t, other)
					for _, f := range s.forms {
						s.answersTable(t, f, other.Name+"-", fill)
					}
					s.forget(t)
				})
			}
			s.forget(t)
		})
	}
}

// ask gets what a path answers, which has to be 200.
func (s *serviceGateway) ask(t *testing.T, path string) string {
	t.Helper()
	r := get(t, s.address, path)
	if r.Status != 200 {
		t.Errorf("%s: %d %s", path, r.Status, r.Body)
	}
	return string(r.Body)
}

func (f form) path(scenario string) string { return f.at + "/" + f.name + "/" + scenario }

// answersTable runs the scenarios whose names start so.
func (s *serviceGateway) answersTable(t *testing.T, f form, prefix string, fill *strings.Replacer) {
	for _, c := range scenarioTable {
		if c.scenario == f.not || !strings.HasPrefix(c.scenario, prefix) {
			continue
		}
		if got, want := s.ask(t, f.path(c.scenario)), fill.Replace(c.want); got != want {
			t.Errorf("%s %s:\n%s\nwant\n%s", f.name, c.scenario, got, want)
		}
	}
}

// replace has a service of another configuration take the place of one.
func (s *serviceGateway) replace(t *testing.T, other gateway.Service) {
	t.Helper()
	for i := range s.snapshot.Services {
		if s.snapshot.Services[i].Name == other.Name {
			s.snapshot.Services[i] = other
		}
	}
	if err := s.Apply(t.Context(), s.snapshot); err != nil {
		t.Fatal(err)
	}
}

// signURLs tells a folder of objects where it is reached from outside.
func (s *serviceGateway) signURLs(t *testing.T) {
	for _, one := range s.snapshot.Services {
		if one.Kind == "storage" && one.Driver == "" {
			one.Options = config.Options{"sign_url": "http://" + s.address}
			s.replace(t, one)
		}
	}
}

// presigns writes by one URL and reads by the other.
func (s *serviceGateway) presigns(t *testing.T, f form) {
	urls := strings.Fields(s.ask(t, f.path("storage-presign")))
	if len(urls) != 2 {
		t.Fatalf("%q are not two URLs", urls)
	}
	content := "signed by " + f.name
	for _, step := range []struct{ method, url, send, want string }{
		{http.MethodPut, urls[0], content, ""}, {http.MethodGet, urls[1], "", content},
	} {
		request, err := http.NewRequestWithContext(t.Context(), step.method, step.url, strings.NewReader(step.send))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != 200 || string(body) != step.want {
			t.Errorf("%s: %d %q %v", step.method, response.StatusCode, body, err)
		}
	}
}

// sendsMail follows a mail, one of a transaction that is committed, and one of a
// transaction that is not, to where they go.
func (s *serviceGateway) sendsMail(t *testing.T, f form, arrived func() []string) {
	lost := strings.TrimSpace(s.ask(t, f.path("email-rollback")))
	for _, way := range []string{"send", "commit"} {
		id := strings.TrimSpace(s.ask(t, f.path("email-"+way)))
		becomes(t, func() string { return s.ask(t, f.path("email-state?"+id)) }, "delivered after 1\n")
		var mail string
		for _, one := range arrived() {
			if strings.Contains(one, "Message-ID: <"+id+">") {
				mail += one
			}
		}
		subject := map[string]string{"send": "sent", "commit": "committed"}[way]
		for _, want := range []string{
			"Subject: " + subject + " by " + f.name, "Shop", "<shop@example.com>", "<ann@example.com>", "Cc: <bob@example.com>", "Reply-To: <desk@example.com>",
			"plain text", "<p>html</p>", "data.bin", "AGNvbnRlbnT/",
		} {
			if strings.Count(mail, want) != 1 {
				t.Errorf("%s: %q is there %d times in\n%s", way, want, strings.Count(mail, want), mail)
			}
		}
		if strings.Contains(mail, "secret@") {
			t.Errorf("%s: a blind copy is in the mail", way)
		}
	}
	if state := s.ask(t, f.path("email-state?"+lost)); state != "none\n" {
		t.Errorf("a mail that was rolled back is %s", state)
	}
	for _, mail := range arrived() {
		if strings.Contains(mail, lost) {
			t.Errorf("a mail that was rolled back has arrived")
		}
	}
}

// forget waits until what a cache has for a short time only is gone.
func (s *serviceGateway) forget(t *testing.T) {
	for _, f := range s.forms {
		becomes(t, func() string { return s.ask(t, f.path("cache-peek")) }, "value: none\n")
	}
}

// becomes waits for what another has to do in its own time.
func becomes(t *testing.T, got func() string, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		now := got()
		if now == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is %q, not %q", now, want)
		}
	}
}
