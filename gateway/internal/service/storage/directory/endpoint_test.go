package directory_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

func read(t testing.TB, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEndpointServesPartsAndConditions(t *testing.T) {
	s := open(t, t.TempDir())
	o := storagetest.Do(t, s, storage.Put{Key: "k", ContentType: "text/plain", Body: []byte("0123456789")}).Object
	etag := `"` + o.ETag + `"`
	url := storagetest.Do(t, s, storage.Presign{Key: "k", Lifetime: time.Minute}).URL
	for _, c := range []struct {
		headers string // name: value, one a line
		status  int
		body    string
		part    string // Content-Range
	}{
		{"", 200, "0123456789", ""},
		{"Range: bytes=2-4", 206, "234", "bytes 2-4/10"},
		{"Range: bytes=7-", 206, "789", "bytes 7-9/10"},
		{"Range: bytes=7-100", 206, "789", "bytes 7-9/10"},
		{"Range: bytes=-3", 206, "789", "bytes 7-9/10"},
		{"Range: bytes=-30", 206, "0123456789", "bytes 0-9/10"},
		{"Range: bytes=10-", 416, "", "bytes */10"},
		{"Range: bytes=-0", 416, "", "bytes */10"},
		{"Range: bytes=4-2", 200, "0123456789", ""},
		{"Range: bytes=0-1,3-4", 200, "0123456789", ""},
		{"Range: lines=1-2", 200, "0123456789", ""},
		{"Range: bytes=x-", 200, "0123456789", ""},
		{"Range: bytes=2-4\nIf-Range: " + etag, 206, "234", "bytes 2-4/10"},
		{"Range: bytes=2-4\nIf-Range: \"other\"", 200, "0123456789", ""},
		{"Range: bytes=2-4\nIf-Range: " + o.Modified.UTC().Format(http.TimeFormat), 206, "234", "bytes 2-4/10"},
		{"If-None-Match: " + etag, 304, "", ""},
		{"If-None-Match: \"a\", W/" + etag, 304, "", ""},
		{"If-None-Match: *", 304, "", ""},
		{"If-None-Match: \"other\"", 200, "0123456789", ""},
		{"If-None-Match: " + etag + "\nRange: bytes=2-4", 304, "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, url, nil)
		for line := range strings.SplitSeq(c.headers, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				r.Header.Add(name, value)
			}
		}
		w := httptest.NewRecorder()
		gateway{t, s}.ServeHTTP(w, r)
		if w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Content-Range") != c.part || w.Header().Get("ETag") != etag {
			t.Errorf("%q: %d %q %v", c.headers, w.Code, w.Body, w.Header())
		}
	}
}

func TestEndpointReachesOddKeys(t *testing.T) {
	s := open(t, t.TempDir())
	for _, key := range storagetest.OddKeys() {
		if key == "." || key == ".." {
			storagetest.Fails(t, s, nil, storage.Presign{Key: key, Lifetime: time.Minute}, abi.ErrUnsupported)
			continue
		}
		put := storagetest.Do(t, s, storage.Presign{Key: key, Write: true, Lifetime: time.Minute}).URL
		w := httptest.NewRecorder()
		gateway{t, s}.ServeHTTP(w, httptest.NewRequest(http.MethodPut, put, strings.NewReader(key)))
		if w.Code != http.StatusOK {
			t.Errorf("%q: %d", key, w.Code)
			continue
		}
		if o := storagetest.Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != key {
			t.Errorf("%q: %q", key, o.Body)
		}
	}
}

func TestEndpointRefuses(t *testing.T) {
	s := open(t, t.TempDir())
	storagetest.Do(t, s, storage.Put{Key: "k", Body: []byte("x")})
	good := storagetest.Do(t, s, storage.Presign{Key: "k", Lifetime: time.Minute}).URL
	gone := storagetest.Do(t, s, storage.Presign{Key: "gone", Lifetime: time.Minute}).URL
	path, query, _ := strings.Cut(good, "?")
	expires, signature, _ := strings.Cut(query, "&")
	for url, want := range map[string]int{
		good: 200, gone: 404, path: 403, path + "?" + expires: 403, path + "?" + signature: 403,
		path + "?" + signature + "&" + expires: 200, path + "?expires=99999999999&" + signature: 403,
		path + "?%zz&" + query: 403, path + "?" + expires + "&signature=": 403, path + "?expires=&signature=": 403,
		strings.Replace(good, "/k?", "/K?", 1): 403, strings.Replace(good, "/k?", "/gone?", 1): 403,
	} {
		w := httptest.NewRecorder()
		gateway{t, s}.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		if w.Code != want {
			t.Errorf("%s: %d; want %d", url, w.Code, want)
		}
	}
	w := httptest.NewRecorder()
	gateway{t, s}.ServeHTTP(w, httptest.NewRequest(http.MethodHead, good, nil))
	if w.Code != http.StatusOK {
		t.Errorf("HEAD: %d", w.Code)
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodPut} {
		w := httptest.NewRecorder()
		gateway{t, s}.ServeHTTP(w, httptest.NewRequest(method, good, nil))
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestSecretIsKeptAndPrivate(t *testing.T) {
	env, path := storagetest.Env(t), t.TempDir()
	start := func() *storage.Service {
		s, err := directory.Open(storagetest.Spec("directory", options(path)), env)
		return storagetest.Started(t, s, err)
	}
	first := start()
	storagetest.Do(t, first, storage.Put{Key: "k", Body: []byte("x")})
	url := storagetest.Do(t, first, storage.Presign{Key: "k", Lifetime: time.Minute}).URL
	w := httptest.NewRecorder()
	gateway{t, start()}.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
	if w.Code != http.StatusOK {
		t.Errorf("after a restart: %d", w.Code)
	}
	info, err := os.Stat(filepath.Join(env.Dir, "signing.key"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("%v, %v", info, err)
	}
	other := open(t, path) // with another secret
	w = httptest.NewRecorder()
	gateway{t, other}.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("with another secret: %d", w.Code)
	}
}

func TestSigningIsOptional(t *testing.T) {
	s, err := directory.Open(storagetest.Spec("directory", config.Options{"path": t.TempDir(), "max_object": int64(1)}), storagetest.Env(t))
	none := storagetest.Started(t, s, err)
	storagetest.Fails(t, none, nil, storage.Presign{Key: "k", Lifetime: time.Minute}, abi.ErrUnsupported)
	if _, _, ok := none.Endpoint(); ok {
		t.Error("there is an endpoint")
	}
	for _, bad := range []config.Options{
		{"sign_url": "files.example.com", "sign_path": "/signed"}, {"sign_url": "ftp://x", "sign_path": "/signed"},
		{"sign_url": "https://x?y", "sign_path": "/signed"}, {"sign_url": "https://x", "sign_path": "signed"},
		{"sign_url": "https://x", "sign_path": "/{a}"}, {"sign_url": "https://x", "sign_path": "/a/../b"},
	} {
		bad["path"], bad["max_object"] = t.TempDir(), int64(1)
		if _, err := directory.Open(storagetest.Spec("directory", bad), storagetest.Env(t)); err == nil {
			t.Error(fmt.Sprint(bad), "was accepted")
		}
	}
}
