// Package artifact keeps libraries and source trees as immutable files named by
// the SHA-256 of their bytes. A file is there whole, and on the disk, or not at
// all.
package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// Store is a folder for libraries and one for source trees, in the data
// directory.
type Store struct {
	libraries, sources string
	now                func() time.Time

	// Held while a file gets its name, and while one that nobody needs loses
	// it: a file that is put again just then stays.
	mu sync.Mutex
}

// Artifact is one file.
type Artifact struct {
	Digest string
	Size   int64
	Path   string
}

// Open makes the folders where they are missing and removes what was never
// finished: DIR/versions, which it shares with the gateway, and DIR/sources.
func Open(dir string) (*Store, error) {
	s := &Store{libraries: filepath.Join(dir, "versions"), sources: filepath.Join(dir, "sources"), now: time.Now}
	for _, folder := range []string{s.libraries, s.sources} {
		if err := durable.MakeDir(folder); err != nil {
			return nil, fmt.Errorf("open the folder of artifacts %q: %w", folder, err)
		}
		if err := s.removeLeftovers(folder, anyAge); err != nil {
			return nil, fmt.Errorf("clear the folder of artifacts %q: %w", folder, err)
		}
	}
	return s, nil
}

// anyAge is that of files of processes which are no more: the directory is this
// one's. A clock may have been set back since.
const anyAge = math.MinInt64

// Library and Source find a file; a *model.Error of kind Missing if it is not
// there.
func (s *Store) Library(digest string) (Artifact, error) {
	return find(s.libraries, "library", digest, toolchain.Extension())
}

// Source finds a source tree. See Library.
func (s *Store) Source(digest string) (Artifact, error) {
	return find(s.sources, "source tree", digest, sourceExtension)
}

const sourceExtension = ".tar"

// isDigest is true for nothing that climbs out of a folder.
var isDigest = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString

func find(folder, kind, digest, extension string) (Artifact, error) {
	absent := model.Errorf(model.Missing, "there is no %s %q in %q", kind, digest, folder)
	if !isDigest(digest) {
		return Artifact{}, absent
	}
	path := filepath.Join(folder, digest+extension)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Artifact{}, absent
	case err != nil:
		return Artifact{}, fmt.Errorf("find %s: %w", kind, err)
	}
	return Artifact{Digest: digest, Size: info.Size(), Path: path}, nil
}
