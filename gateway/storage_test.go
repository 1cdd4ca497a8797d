package gateway_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/directory"
)

// storing serves the handler that uses storage at /{how}.
func storing(t *testing.T) (address, path string) {
	path = filepath.Join(t.TempDir(), "store")
	s, err := directory.Open(service.Spec{
		Name: "files", Kind: "storage", Driver: "directory", Workers: 4, Mailbox: 64, Timeout: 10 * time.Second,
		Options: config.Options{"path": path, "max_object": int64(1 << 30), "sign_url": "https://example.com", "sign_path": "/signed"},
	}, service.Env{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the gateway
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	e := endpoint("storage", "/{how}", build(t, "testdata/handlers/storage"))
	e.Limits = gateway.Limits{Timeout: 20 * time.Second}
	_, address = start(t, gateway.Options{Services: map[string]abi.Service{abi.StorageID: s}}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	return address, path
}

const storageReport = `get -12 1
put 0 size 10 at 0 etag 64 modified 1 body none '' text/plain empty= owner=me
create -17 1
get 0 size 10 at 0 etag 64 modified 1 body '0123456789' text/plain empty= owner=me
part 0 size 10 at 3 etag 64 modified 1 body '3456' text/plain empty= owner=me
behind -2 1 range
etag -17 1
head 0 size 10 at 0 etag 64 modified 1 body none '' text/plain empty= owner=me
copy 0 size 10 at 0 etag 64 modified 1 body none '' text/plain empty= owner=me
empty 0 size 0 at 0 etag 64 modified 1 body none '' application/octet-stream
empty 0 size 0 at 0 etag 64 modified 1 body '' application/octet-stream
start 0 1
write 0
finish 0 size 13 at 0 etag 64 modified 1 body none '' application/octet-stream
again -12 1
up 0 size 13 at 0 etag 64 modified 1 body 'one two three' application/octet-stream
abort 0
list 0 b(10 64 1) dir/(0 0 0) next 'dir/'
list 0 empty(0 64 1) up(13 64 1) next ''
url 0 https://example.com/signed/files/dir/a?e
delete 0
delete 0
no key -2 1
no UTF-8 -2 1
NUL -2 1
too large -14 1
flag -3 1
upload -12 1
kind -3 1
code -3 1
no arguments -2 1
small arguments -2 1
`

// TestStorageFromC runs every operation from a library, those that break a rule
// too.
func TestStorageFromC(t *testing.T) {
	address, _ := storing(t)
	if r := get(t, address, "/scenario"); string(r.Body) != storageReport {
		t.Errorf("%d\n%s", r.Status, r.Body)
	}
}

// TestStorageOfLargeBodies: 64 MiB there and back, and an upload of as much that
// the handler leaves open, of which nothing is left.
func TestStorageOfLargeBodies(t *testing.T) {
	address, path := storing(t)
	if r := get(t, address, "/large"); string(r.Body) != "put 0, start 0\nget 0 same 1\n" {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left, err := filepath.Glob(filepath.Join(path, "incoming", "*", "[0-9]*"))
		if err == nil && len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("left: %v, %v", left, err)
		}
	}
}
