package directory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

// TestNothingLeavesTheFolder plants links that lead out, where objects and
// folders of objects would be.
func TestNothingLeavesTheFolder(t *testing.T) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	s := open(t, path)
	storagetest.Do(t, s, storage.Put{Key: "there", Body: []byte("x")})
	for name, target := range map[string]string{"link": secret, "folder+": outside, "up+": "../..", "loop+": "loop+"} {
		if err := os.Symlink(target, filepath.Join(path, "objects", name)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	for _, key := range []string{"link", "folder/secret", "folder/new", "up/x", "loop/x"} {
		storagetest.Fails(t, s, nil, storage.Get{Key: key}, abi.ErrRefused, abi.ErrUnavailable)
	}
	for _, key := range []string{"folder/new", "loop/new"} {
		storagetest.Fails(t, s, nil, storage.Put{Key: key, Body: []byte("new")}, abi.ErrRefused, abi.ErrUnavailable)
		storagetest.Fails(t, s, nil, storage.Put{Key: key, Create: true}, abi.ErrRefused, abi.ErrUnavailable)
		storagetest.Fails(t, s, nil, storage.Copy{From: "there", To: key}, abi.ErrRefused, abi.ErrUnavailable)
	}
	storagetest.Fails(t, s, nil, storage.Delete{Key: "folder/secret"}, abi.ErrRefused, abi.ErrUnavailable)
	if p := storagetest.Do(t, s, storage.List{}).Page; len(p.Entries) != 1 {
		t.Errorf("listed: %+v", p.Entries)
	}
	storagetest.Do(t, s, storage.Put{Key: "link", Body: []byte("object")}) // in place of the link
	if b, err := os.ReadFile(secret); err != nil || string(b) != "secret" {
		t.Errorf("%q, %v", b, err)
	}
	if names, _ := os.ReadDir(outside); len(names) != 1 {
		t.Errorf("outside: %v", names)
	}
}

func TestForeignAndDamagedFiles(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	storagetest.Do(t, s, storage.Put{Key: "good", Body: []byte("good")})
	storagetest.Do(t, s, storage.Put{Key: "cut", Body: bytes.Repeat([]byte("x"), 5000)})
	storagetest.Do(t, s, storage.Put{Key: "flipped", Body: []byte("x")})
	objects := filepath.Join(path, "objects")
	for _, name := range []string{"NOT-OURS", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(objects, name), []byte("a text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(objects, "cut"), 4000); err != nil {
		t.Fatal(err)
	}
	flipped, err := os.ReadFile(filepath.Join(objects, "flipped"))
	if err != nil {
		t.Fatal(err)
	}
	flipped[10] ^= 1
	if err := os.WriteFile(filepath.Join(objects, "flipped"), flipped, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"cut", "flipped", "notes.txt"} {
		if e := storagetest.Fails(t, s, nil, storage.Get{Key: key}, abi.ErrInternal); e.Code != "damaged" {
			t.Errorf("%s: %s", key, storagetest.Describe(e))
		}
	}
	if p := storagetest.Do(t, s, storage.List{}).Page; len(p.Entries) != 1 || p.Entries[0].Key != "good" {
		t.Errorf("listed: %+v", p.Entries)
	}
	storagetest.Do(t, s, storage.Put{Key: "cut", Body: []byte("whole again")})
	storagetest.Do(t, s, storage.Get{Key: "cut"})
}

func TestLimitOfAnObject(t *testing.T) {
	o := options(t.TempDir())
	o["max_object"] = int64(10)
	opened, err := directory.Open(storagetest.Spec("directory", o), storagetest.Env(t))
	s := storagetest.Started(t, opened, err)
	storagetest.Do(t, s, storage.Put{Key: "k", Body: make([]byte, 10)})
	storagetest.Fails(t, s, nil, storage.Put{Key: "k", Body: make([]byte, 11)}, abi.ErrTooLarge)
	scope, _ := storagetest.Scope(t)
	up := storagetest.DoIn(t, s, scope, storage.Start{Key: "up", Body: make([]byte, 5)}).Upload
	storagetest.DoIn(t, s, scope, storage.Write{Upload: up, Bytes: make([]byte, 5)})
	storagetest.Fails(t, s, scope, storage.Write{Upload: up, Bytes: make([]byte, 1)}, abi.ErrTooLarge)
	storagetest.Fails(t, s, scope, storage.Finish{Upload: up, Bytes: make([]byte, 1)}, abi.ErrTooLarge)
	if o := storagetest.DoIn(t, s, scope, storage.Finish{Upload: up}).Object; o.Size != 10 {
		t.Errorf("%d bytes", o.Size)
	}
}

// TestFolderTakenAway replaces the folder under a running service, as a volume
// that goes and comes back.
func TestFolderTakenAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	storagetest.Do(t, s, storage.Put{Key: "k", Body: []byte("x")})
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil { // so that it cannot be made anew
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			for _, r := range []storage.Request{storage.Get{Key: fmt.Sprint("none", n)}, storage.Delete{Key: "none"}, storage.List{Prefix: "none"}} {
				_, err := s.Do(service.Call{}, r)
				if err == nil || service.ErrorOf(err).Status != abi.ErrUnavailable || strings.Contains(err.Error(), path) {
					t.Errorf("%T: %s", r, storagetest.Describe(err))
				}
			}
		})
	}
	all.Wait()
	storagetest.Eventually(t, "the fault is shown", func() bool { return s.Stats().Fault != nil })
	if err := s.Probe(t.Context()); err == nil {
		t.Error("it can be probed")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	storagetest.Eventually(t, "the object is there again", func() bool {
		_, err := s.Do(service.Call{}, storage.Get{Key: "k"})
		return err == nil
	})
	if took := time.Since(back); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStartSweeps: what a process left goes, and what a living one writes stays.
func TestStartSweeps(t *testing.T) {
	path := t.TempDir()
	dead := filepath.Join(path, "incoming", "DEAD")
	if err := os.MkdirAll(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lock", "1", "2"} {
		if err := os.WriteFile(filepath.Join(dead, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(path, "incoming", "EMPTY"), 0o700); err != nil {
		t.Fatal(err)
	}
	first := open(t, path)
	scope, _ := storagetest.Scope(t)
	up := storagetest.DoIn(t, first, scope, storage.Start{Key: "up", Body: []byte("alive")}).Upload
	if left := written(t, path); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	second := open(t, path)
	storagetest.Do(t, second, storage.Put{Key: "other"})
	storagetest.Close(t, second)
	storagetest.DoIn(t, first, scope, storage.Finish{Upload: up})
	storagetest.Close(t, first)
	if names, err := os.ReadDir(filepath.Join(path, "incoming")); err != nil || len(names) != 0 {
		t.Errorf("incoming: %v, %v", names, err)
	}
}

// TestUploadOutlivesReplacement: an upload goes on where it began, through the
// service that has taken over its name, and the old service waits for it.
func TestUploadOutlivesReplacement(t *testing.T) {
	path := t.TempDir()
	old := open(t, path)
	scope, end := abi.NewScope()
	defer end()
	up := storagetest.DoIn(t, old, scope, storage.Start{Key: "up", Body: []byte("one ")}).Upload
	left := storagetest.DoIn(t, old, scope, storage.Start{Key: "left"}).Upload
	replacement := open(t, path)
	closed := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		closed <- old.Close(ctx)
	}()
	storagetest.DoIn(t, replacement, scope, storage.Write{Upload: up, Bytes: []byte("two ")})
	another := storagetest.DoIn(t, replacement, scope, storage.Start{Key: "new"}).Upload
	if another == up || another == left {
		t.Errorf("upload %d is there twice", another)
	}
	storagetest.DoIn(t, replacement, scope, storage.Finish{Upload: up, Bytes: []byte("three")})
	if o := storagetest.Do(t, replacement, storage.Get{Key: "up"}).Object; string(o.Body) != "one two three" {
		t.Errorf("%q", o.Body)
	}
	select {
	case err := <-closed:
		t.Errorf("closed with an upload open: %v", err)
	default:
	}
	end() // of the request, and of what it left
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestCloseCutShort: an upload that nobody ends does not keep a service for
// longer than it is given.
func TestCloseCutShort(t *testing.T) {
	s := open(t, t.TempDir())
	scope, end := abi.NewScope()
	defer end()
	up := storagetest.DoIn(t, s, scope, storage.Start{Key: "up"}).Upload
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); !errors.Is(err, abi.ErrClosing) {
		t.Errorf("closed: %v", err)
	}
	storagetest.Fails(t, s, scope, storage.Finish{Upload: up}, abi.ErrClosing)
}

// TestFoldersComeAndGo has workers of two services make and empty the same
// folders.
func TestFoldersComeAndGo(t *testing.T) {
	path := t.TempDir()
	services := []*storage.Service{open(t, path), open(t, path)}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			s := services[n%2]
			for i := range 60 {
				key := fmt.Sprintf("deep/%d/er/%d", i%2, n)
				if _, err := s.Do(service.Call{}, storage.Put{Key: key, Body: []byte(key)}); err != nil {
					t.Errorf("put: %s", storagetest.Describe(err))
				}
				if r, err := s.Do(service.Call{}, storage.Get{Key: key}); err != nil || string(r.Object.Body) != key {
					t.Errorf("get: %s", storagetest.Describe(err))
				}
				if _, err := s.Do(service.Call{}, storage.List{Delimiter: "/"}); err != nil {
					t.Errorf("list: %s", storagetest.Describe(err))
				}
				if _, err := s.Do(service.Call{}, storage.Delete{Key: key}); err != nil {
					t.Errorf("delete: %s", storagetest.Describe(err))
				}
			}
		})
	}
	all.Wait()
	if names, err := os.ReadDir(filepath.Join(path, "objects")); err != nil || len(names) != 0 {
		t.Errorf("left: %v, %v", names, err)
	}
}
