package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

const (
	objects  = "objects"
	incoming = "incoming"
)

// backend opens the folder, once for all workers, and again after it was
// replaced.
type backend struct {
	path   string
	log    *slog.Logger
	signer *signer

	mu      sync.Mutex
	current *store
}

// store is an opened folder. Workers and uploads share it.
type store struct {
	backend *backend
	root    *os.Root // of the folder
	own     string   // this store's part of incoming
	lock    *os.File // says that own is in use
	last    atomic.Uint64
	lost    atomic.Bool // own has been taken away
	users   int         // guarded by backend.mu

	// folders is held for reading while an object is put into its folder, and
	// for writing while an empty folder is removed.
	folders sync.RWMutex
	durable durableFolders
}

func (b *backend) acquire() (*store, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current != nil && !b.current.stale() {
		b.current.users++
		return b.current, nil
	}
	s, err := open(b)
	if err != nil {
		return nil, err
	}
	b.current = s
	s.users++
	return s, nil
}

func (b *backend) release(s *store) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	if b.current == s {
		b.current = nil
	}
	s.close()
}

// retain is acquire for a store that is in use.
func (s *store) retain() {
	s.backend.mu.Lock()
	s.users++
	s.backend.mu.Unlock()
}

func open(b *backend) (*store, error) {
	if err := makeDurable(b.path); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	root, err := os.OpenRoot(b.path)
	if err != nil {
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	s := &store{backend: b, root: root}
	for _, name := range []string{objects, incoming} {
		if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			_ = root.Close()
			return nil, fmt.Errorf("make the folder: %w", err)
		}
	}
	if err := syncFolder(root, "."); err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("sync the folder: %w", err)
	}
	if err := s.claim(); err != nil {
		_ = root.Close()
		return nil, err
	}
	s.sweep()
	return s, nil
}

// makeDurable is os.MkdirAll with every new folder on the disk.
func makeDurable(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(folder)
	if above != folder {
		if err := makeDurable(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if !foldersSync {
		return nil
	}
	f, err := os.Open(above)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (s *store) close() {
	_ = s.root.RemoveAll(s.own)
	_ = s.lock.Close()
	_ = s.root.Close()
}

// stale tells whether the path leads to another folder by now, or to none.
func (s *store) stale() bool {
	if s.lost.Load() {
		return true
	}
	ours, err := s.root.Stat(".")
	if err != nil {
		return true
	}
	now, err := os.Stat(s.backend.path)
	return err != nil || !os.SameFile(ours, now)
}
