package storagetest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

func presign(t *testing.T, s *storage.Service, d Driver) {
	server := d.Presigned(t, s)
	send := func(method, url string, body []byte) (int, string) {
		t.Helper()
		return exchange(t, server, method, url, body)
	}
	for _, key := range []string{"plain.txt", "dir/with space & ü?#%.txt"} {
		put := Do(t, s, storage.Presign{Key: key, Write: true, Lifetime: time.Minute}).URL
		get := Do(t, s, storage.Presign{Key: key, Lifetime: time.Minute}).URL
		if status, body := send(http.MethodPut, put, []byte("signed "+key)); status != http.StatusOK {
			t.Fatalf("PUT: %d %s", status, body)
		}
		if status, body := send(http.MethodGet, get, nil); status != http.StatusOK || body != "signed "+key {
			t.Errorf("GET: %d %q", status, body)
		}
		if o := Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != "signed "+key {
			t.Errorf("%q", o.Body)
		}
		for what, c := range map[string][2]string{
			"wrong method":   {http.MethodPut, get},
			"wrong method 2": {http.MethodGet, put},
			"altered key":    {http.MethodGet, strings.Replace(get, "plain", "plein", 1)},
			"altered key 2":  {http.MethodGet, strings.Replace(get, "with", "witt", 1)},
			"altered end":    {http.MethodGet, get[:len(get)-2] + flip(get[len(get)-2:])},
		} {
			if c[1] == get && c[0] == http.MethodGet {
				continue // that key has no such part
			}
			if status, _ := send(c[0], c[1], []byte("altered")); status != http.StatusForbidden {
				t.Errorf("%s: %d", what, status)
			}
		}
		if o := Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != "signed "+key {
			t.Errorf("%q", o.Body)
		}
	}
	short := Do(t, s, storage.Presign{Key: "plain.txt", Lifetime: time.Second}).URL
	Eventually(t, "the URL expires", func() bool {
		status, _ := send(http.MethodGet, short, nil)
		return status == http.StatusForbidden
	})
}

func flip(end string) string {
	if end == "00" {
		return "11"
	}
	return "00"
}

func exchange(t *testing.T, server http.Handler, method, url string, body []byte) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if server == nil { // the URL leads to the backend
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	w := &recorder{header: http.Header{}}
	server.ServeHTTP(w, r)
	return w.status, w.body.String()
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
