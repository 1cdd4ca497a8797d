package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

const (
	// grace is how long a file has to be put to use after it has come.
	grace = 10 * time.Minute
	// abandoned is how long nothing takes to be written.
	abandoned = time.Hour
)

// Collect removes what keep does not have and what is older than a few minutes,
// so that nothing goes that is being put to use. It tells what remains.
func (s *Store) Collect(libraries, sources func(digest string) (keep bool)) (freed, remaining int64, err error) {
	for _, part := range []struct {
		folder string
		keep   func(digest string) bool
	}{{s.libraries, libraries}, {s.sources, sources}} {
		f, r, partErr := s.collect(part.folder, part.keep)
		freed, remaining = freed+f, remaining+r
		if partErr != nil {
			err = errors.Join(err, fmt.Errorf("collect artifacts in %q: %w", part.folder, partErr))
		}
	}
	return freed, remaining, err
}

// collect goes on where one file cannot be removed.
func (s *Store) collect(folder string, keep func(digest string) bool) (freed, remaining int64, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, 0, err
	}
	for _, entry := range entries {
		digest := strings.TrimSuffix(entry.Name(), filepath.Ext(entry.Name()))
		if !isDigest(digest) {
			continue
		}
		size, gone, removeErr := s.removeUnless(filepath.Join(folder, entry.Name()), grace, func() bool { return keep(digest) })
		err = errors.Join(err, removeErr)
		if gone {
			freed += size
		} else {
			remaining += size
		}
	}
	if freed > 0 {
		err = errors.Join(err, durable.SyncDir(folder))
	}
	return freed, remaining, errors.Join(err, s.removeLeftovers(folder, abandoned))
}

// removeUnless removes a file that is of an age, unless it is to be kept.
func (s *Store) removeUnless(path string, age time.Duration, keep func() bool) (size int64, gone bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if keep() || s.now().Sub(info.ModTime()) < age {
		return info.Size(), false, nil
	}
	err = os.Remove(path)
	failpoint.Reach("artifact.removed", path)
	return info.Size(), err == nil, err
}

// Files that are not finished begin so: those of this package, and those of the
// gateway.
const (
	temporary = "upload-"
	incoming  = "incoming-"
)

// removeLeftovers removes what a process did not finish: files of this package
// that are of an age, and files of the gateway, which may be at work, only when
// they are abandoned for sure.
func (s *Store) removeLeftovers(folder string, age time.Duration) error {
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		least := abandoned
		switch name := entry.Name(); {
		case strings.HasPrefix(name, temporary):
			least = age
		case !strings.HasPrefix(name, incoming):
			continue
		}
		_, _, removeErr := s.removeUnless(filepath.Join(folder, entry.Name()), least, func() bool { return false })
		err = errors.Join(err, removeErr)
	}
	return err
}
