package storagetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

func uploads(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	other, _ := Scope(t)
	up := DoIn(t, s, scope, storage.Start{Key: "up", ContentType: "text/plain", Metadata: []storage.Field{{Name: "K", Value: "v"}}, Body: []byte("one ")}).Upload
	if up == 0 {
		t.Fatal("upload 0")
	}
	DoIn(t, s, scope, storage.Write{Upload: up, Bytes: []byte("two ")})
	Fails(t, s, nil, storage.Head{Key: "up"}, abi.ErrNotFound)
	if got := all(t, s, storage.List{}); len(got) != 0 {
		t.Errorf("before it is finished, %q is listed", got)
	}
	Fails(t, s, other, storage.Write{Upload: up, Bytes: []byte("x")}, abi.ErrNotFound)
	Fails(t, s, nil, storage.Finish{Upload: up}, abi.ErrNotFound)
	Fails(t, s, scope, storage.Write{Upload: up + 1}, abi.ErrNotFound)
	done := DoIn(t, s, scope, storage.Finish{Upload: up, Bytes: []byte("three")}).Object
	get := Do(t, s, storage.Get{Key: "up"}).Object
	same(t, "get", get, done)
	if string(get.Body) != "one two three" || get.ContentType != "text/plain" || len(get.Metadata) != 1 || get.Metadata[0] != (storage.Field{Name: "k", Value: "v"}) {
		t.Errorf("%+v", get)
	}
	for _, r := range []storage.Request{storage.Write{Upload: up}, storage.Finish{Upload: up}, storage.Abort{Upload: up}} {
		Fails(t, s, scope, r, abi.ErrNotFound)
	}
	up = DoIn(t, s, scope, storage.Start{Key: "up", Body: []byte("never")}).Upload
	DoIn(t, s, scope, storage.Abort{Upload: up})
	Fails(t, s, scope, storage.Finish{Upload: up}, abi.ErrNotFound)
	if o := Do(t, s, storage.Get{Key: "up"}).Object; string(o.Body) != "one two three" {
		t.Errorf("%q", o.Body)
	}
	Fails(t, s, nil, storage.Start{Key: "up"}, abi.ErrUnsupported)
	for range 16 {
		DoIn(t, s, other, storage.Start{Key: "many"})
	}
	Fails(t, s, other, storage.Start{Key: "many"}, abi.ErrOverloaded)
}

// uploadEnds: what is left open goes with the request.
func uploadEnds(t *testing.T, s *storage.Service, d Driver) {
	scope, end := Scope(t)
	up := DoIn(t, s, scope, storage.Start{Key: "left", Body: make([]byte, 6<<20)}).Upload
	DoIn(t, s, scope, storage.Write{Upload: up, Bytes: []byte("more")})
	end()
	Fails(t, s, scope, storage.Finish{Upload: up}, abi.ErrNotFound)
	Fails(t, s, scope, storage.Start{Key: "left"}, abi.ErrStale)
	Fails(t, s, nil, storage.Head{Key: "left"}, abi.ErrNotFound)
	if d.Left != nil {
		Eventually(t, "nothing is left of it", func() bool { return d.Left(t, s) == 0 })
	}
}

func uploadLarge(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	content := make([]byte, 13<<20+17)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content)
	up := DoIn(t, s, scope, storage.Start{Key: "large", Body: content[:1000], ContentType: "x/y"}).Upload
	for rest := content[1000:]; len(rest) > 0; {
		n := min(len(rest), 1<<20+stride(random)) // 1 to 7 MiB
		DoIn(t, s, scope, storage.Write{Upload: up, Bytes: rest[:n]})
		rest = rest[n:]
	}
	done := DoIn(t, s, scope, storage.Finish{Upload: up}).Object
	get := Do(t, s, storage.Get{Key: "large"}).Object
	same(t, "get", get, done)
	if !bytes.Equal(get.Body, content) {
		t.Error("another content")
	}
}

func stride(r *rand.ChaCha8) int { return int(r.Uint64() % (6 << 20)) }

func uploadCreate(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	for _, size := range []int{3, 6 << 20} {
		key := fmt.Sprint("key", size)
		first := DoIn(t, s, scope, storage.Start{Key: key, Create: true, Body: make([]byte, size)}).Upload
		second := DoIn(t, s, scope, storage.Start{Key: key, Create: true, Body: make([]byte, size+1)}).Upload
		DoIn(t, s, scope, storage.Finish{Upload: first})
		Fails(t, s, scope, storage.Finish{Upload: second}, abi.ErrConflict)
		Fails(t, s, scope, storage.Finish{Upload: second}, abi.ErrNotFound)
		if o := Do(t, s, storage.Head{Key: key}).Object; o.Size != int64(size) {
			t.Errorf("size %d", o.Size)
		}
	}
}

// closeFinishesUploads: an upload that is open may go on while the service is
// being closed, and nothing new begins.
func closeFinishesUploads(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	up := DoIn(t, s, scope, storage.Start{Key: "last", Body: []byte("one ")}).Upload
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		Close(t, s)
	}()
	Eventually(t, "the service takes no new upload", func() bool {
		other, end := abi.NewScope()
		defer end()
		_, err := s.Do(service.Call{Scope: other}, storage.Start{Key: "new"})
		return err != nil && service.ErrorOf(err).Status == abi.ErrClosing
	})
	DoIn(t, s, scope, storage.Write{Upload: up, Bytes: []byte("two")})
	DoIn(t, s, scope, storage.Finish{Upload: up})
	<-closed
	Fails(t, s, scope, storage.Get{Key: "last"}, abi.ErrClosing)
}
