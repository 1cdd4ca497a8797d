package directory

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// signer makes and checks the signatures of URLs: HMAC-SHA256 over method, key
// and time of expiry.
type signer struct {
	base string // before the key: scheme, host and path
	path string
	dir  string // where the secret is

	mu     sync.Mutex
	secret []byte
}

const secretName = "signing.key"

func newSigner(base, at, name, dir string) (*signer, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("sign_url %q is no http or https URL such as https://example.com", base)
	}
	if at != path.Clean(at) || !strings.HasPrefix(at, "/") || strings.ContainsAny(at, "{}?#%") {
		return nil, fmt.Errorf("sign_path %q is no plain path such as /signed", at)
	}
	below := path.Join(at, name)
	return &signer{base: strings.TrimSuffix(base, "/") + (&url.URL{Path: below}).EscapedPath() + "/", path: below, dir: dir}, nil
}

// route is the path that the signed URLs are served at.
func (s *signer) route() string { return s.path + "/{key:*}" }

func (s *signer) sign(r storage.Presign) (string, error) {
	if s == nil {
		return "", service.Errorf(abi.ErrUnsupported, "no sign_url is set for the service")
	}
	if r.Key == "." || r.Key == ".." {
		return "", service.Errorf(abi.ErrUnsupported, "no URL leads to a key that is %q", r.Key)
	}
	method := http.MethodGet
	if r.Write {
		method = http.MethodPut
	}
	expires := strconv.FormatInt(time.Now().Add(r.Lifetime).Unix(), 10)
	signature, err := s.signature(method, r.Key, expires)
	if err != nil {
		return "", err
	}
	return s.base + escapeKey(r.Key) + "?expires=" + expires + "&signature=" + base64.RawURLEncoding.EncodeToString(signature), nil
}

// escapeKey is the key as the end of a path that leads to it again, whatever
// resolves dots and doubled slashes on the way: then they are escaped too.
func escapeKey(key string) string {
	if path.Clean("/"+key) != "/"+key {
		return url.PathEscape(key)
	}
	parts := strings.Split(key, "/")
	for n, part := range parts {
		parts[n] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// check tells whether a request with that query may do what it wants. How long
// it takes tells nothing about the right signature.
func (s *signer) check(method, key, query string) (bool, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return false, nil
	}
	expires := values.Get("expires")
	given, err1 := base64.RawURLEncoding.DecodeString(values.Get("signature"))
	until, err2 := strconv.ParseInt(expires, 10, 64)
	right, err := s.signature(method, key, expires)
	if err != nil {
		return false, err
	}
	same := hmac.Equal(given, right)
	return same && err1 == nil && err2 == nil && time.Now().Unix() < until, nil
}

func (s *signer) signature(method, key, expires string) ([]byte, error) {
	secret, err := s.load()
	if err != nil {
		return nil, service.Errorf(abi.ErrUnavailable, "the secret of signed URLs cannot be read: %v", failure(err))
	}
	mac := hmac.New(sha256.New, secret)
	// The key is last: it may have any byte in it.
	mac.Write([]byte("edge-gateway storage 1\n" + method + "\n" + expires + "\n" + key))
	return mac.Sum(nil), nil
}

const secretSize = 32

// load reads the secret, which is made once and for all.
func (s *signer) load() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secret != nil {
		return s.secret, nil
	}
	name := filepath.Join(s.dir, secretName)
	secret, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.make(name); err != nil {
			return nil, err
		}
		secret, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	if len(secret) != secretSize {
		return nil, fmt.Errorf("%s has %d bytes in place of %d", secretName, len(secret), secretSize)
	}
	s.secret = secret
	return secret, nil
}

// make makes the secret, unless another process is faster.
func (s *signer) make(name string) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(s.dir, secretName+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	_, err = file.Write(secret)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
