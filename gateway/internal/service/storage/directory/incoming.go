package directory

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

const lockName = "lock"

// claim makes a part of incoming that is this store's own, and locks it for as
// long as the process lives or the store is open.
func (s *store) claim() error {
	for range 10 {
		own := path.Join(incoming, rand.Text())
		if err := s.root.Mkdir(own, 0o700); err != nil {
			return fmt.Errorf("make a folder in incoming: %w", err)
		}
		name := path.Join(own, lockName)
		file, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			continue // swept, before it was locked
		}
		if err != nil {
			_ = s.root.Remove(own)
			return fmt.Errorf("make a lock in incoming: %w", err)
		}
		if lock(file) && s.same(file, name) {
			s.own, s.lock = own, file
			return nil
		}
		_ = file.Close() // swept, while it was being locked
	}
	return errors.New("incoming is swept by others all the time")
}

func (s *store) same(file *os.File, name string) bool {
	a, err1 := file.Stat()
	b, err2 := s.root.Stat(name)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// sweep removes what nobody who lives holds a lock on.
func (s *store) sweep() {
	names, err := fs.ReadDir(s.root.FS(), incoming)
	if err != nil {
		s.backend.log.Warn("what earlier processes left cannot be removed", "error", err)
		return
	}
	for _, entry := range names {
		part := path.Join(incoming, entry.Name())
		if part == s.own {
			continue
		}
		file, err := s.root.OpenFile(path.Join(part, lockName), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			_ = s.root.Remove(part) // goes if it is empty
			continue
		}
		if err != nil {
			continue
		}
		if lock(file) {
			if err := s.root.RemoveAll(part); err != nil {
				s.backend.log.Warn("what an earlier process left cannot be removed", "error", err)
			}
		}
		_ = file.Close()
	}
}
