package state_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// names are those of the endpoints.
func names(t *testing.T, s *state.Store) (all []string) {
	t.Helper()
	view(t, s, func(tx *state.Tx) error {
		endpoints, err := tx.Endpoints()
		for _, e := range endpoints {
			all = append(all, e.Name)
		}
		return err
	})
	return all
}

func endpoint(name string) model.Endpoint {
	return model.Endpoint{EndpointSpec: model.EndpointSpec{Name: name, Path: "/" + name}, Origin: model.FromAPI}
}

func TestChangeThatFailsLeavesNothing(t *testing.T) {
	s := start(t, t.TempDir())
	luck := errors.New("out of luck")
	if err := s.Update(t.Context(), func(tx *state.Tx) error {
		return errors.Join(tx.CreateEndpoint(endpoint("a")), luck)
	}); !errors.Is(err, luck) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic went missing")
			}
		}()
		_ = s.Update(t.Context(), func(tx *state.Tx) error {
			_ = tx.CreateEndpoint(endpoint("b"))
			panic(luck)
		})
	}()
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Update(ctx, func(tx *state.Tx) error {
		err := tx.CreateEndpoint(endpoint("c"))
		cancel()
		return err
	}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.Update(ctx, func(*state.Tx) error { t.Error("it ran"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.View(t.Context(), func(tx *state.Tx) error { return tx.CreateEndpoint(endpoint("d")) }); err == nil {
		t.Error("who only looks could change something")
	}
	if got := names(t, s); len(got) != 0 {
		t.Errorf("left %q", got)
	}
	update(t, s, func(tx *state.Tx) error { return tx.CreateEndpoint(endpoint("e")) })
	if got := names(t, s); len(got) != 1 {
		t.Errorf("left %q", got)
	}
}

// TestLookBesideAChange: who looks neither waits for a change that is under way
// nor sees any of it, and sees one moment only.
func TestLookBesideAChange(t *testing.T) {
	s := start(t, t.TempDir())
	update(t, s, func(tx *state.Tx) error { return tx.CreateEndpoint(endpoint("a")) })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	before := func(tx *state.Tx) error {
		all, err := tx.Endpoints()
		if len(all) != 1 {
			t.Errorf("%d endpoints", len(all))
		}
		return err
	}
	err := s.View(ctx, func(old *state.Tx) error {
		if err := before(old); err != nil {
			return err
		}
		err := s.Update(ctx, func(tx *state.Tx) error {
			return errors.Join(tx.CreateEndpoint(endpoint("b")), s.View(ctx, before))
		})
		if err != nil {
			return err
		}
		if got := names(t, s); len(got) != 2 {
			t.Errorf("after the change there are %q", got)
		}
		return before(old)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	s := start(t, t.TempDir())
	update(t, s, func(*state.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := s.Update(ctx, func(*state.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		return nil
	})
}

// TestHammer: each change adds to two tables; those who look find them equal at
// all times. It shows nothing of the disk.
func TestHammer(t *testing.T) {
	s := start(t, t.TempDir())
	update(t, s, func(tx *state.Tx) error { return tx.CreateEndpoint(endpoint("a")) })
	const writers, changes = 4, 25
	var all sync.WaitGroup
	done := make(chan struct{})
	finish := sync.OnceFunc(func() { close(done) })
	for w := range writers {
		all.Go(func() {
			for n := range changes {
				if err := s.Update(t.Context(), func(tx *state.Tx) error {
					e, err := tx.Endpoint("a")
					e.Revision++
					return errors.Join(err, tx.PutEndpoint(e), tx.PutVersion(model.Version{Endpoint: "a", Digest: digest(w*changes + n)}))
				}); err != nil {
					t.Error(err)
					finish()
					return
				}
			}
		})
	}
	for range 2 * 4 { // twice as many as there are connections
		all.Go(func() {
			for {
				if err := s.View(t.Context(), func(tx *state.Tx) error {
					e, err := tx.Endpoint("a")
					versions, err2 := tx.Versions("a")
					if int(e.Revision) != len(versions) {
						return fmt.Errorf("revision %d with %d versions", e.Revision, len(versions))
					}
					if e.Revision == writers*changes {
						finish()
					}
					return errors.Join(err, err2)
				}); err != nil {
					t.Error(err)
					finish()
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	all.Wait()
}

func TestClosed(t *testing.T) {
	s := start(t, t.TempDir())
	nothing := func(*state.Tx) error { return nil }
	began, end := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- s.Update(context.Background(), func(tx *state.Tx) error {
			close(began)
			<-end
			return tx.CreateEndpoint(endpoint("a"))
		})
	}()
	<-began
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	close(end)
	if err := errors.Join(<-ended, <-closed, s.Close()); err != nil {
		t.Error(err)
	}
	for _, use := range []func(context.Context, func(*state.Tx) error) error{s.View, s.Update} {
		if err := use(t.Context(), nothing); !errors.Is(err, state.ErrClosed) {
			t.Error(err)
		}
	}
}

// TestErrorsOfOthersAreNotTheStates: what goes wrong in a change, but not with
// the state, is told as it is.
func TestErrorsOfOthersAreNotTheStates(t *testing.T) {
	s := start(t, t.TempDir())
	for _, cause := range []error{fs.ErrPermission, syscall.ENOSPC} {
		given := fmt.Errorf("open the library: %w", cause)
		if err := s.Update(t.Context(), func(*state.Tx) error { return given }); err != given {
			t.Error(err)
		}
	}
}

func TestFolderOfAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "a b?mode=ro#c%41&'é")
	s := start(t, dir)
	update(t, s, func(tx *state.Tx) error { return tx.CreateEndpoint(endpoint("a")) })
	if got := names(t, s); len(got) != 1 {
		t.Errorf("%q", got)
	}
	if all := contents(t, dir); len(all) != 5 || all["state.db"] == "" && all["state.db-wal"] == "" {
		t.Errorf("there are %d files", len(all))
	}
}
