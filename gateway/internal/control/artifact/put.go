package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// PutLibrary keeps a library of at most limit bytes; more is a *model.Error of
// kind TooLarge. The file's extension is that of libraries on this system.
func (s *Store) PutLibrary(r io.Reader, limit int64) (Artifact, error) {
	return s.put(s.libraries, "library", toolchain.Extension(), r, limit)
}

// PutSource keeps a source tree, a tar.
func (s *Store) PutSource(r io.Reader, limit int64) (Artifact, error) {
	return s.put(s.sources, "source tree", sourceExtension, r, limit)
}

func (s *Store) put(folder, kind, extension string, r io.Reader, limit int64) (a Artifact, err error) {
	temp, err := os.CreateTemp(folder, temporary+"*")
	if err != nil {
		return Artifact{}, problem(kind, err)
	}
	defer func() {
		_ = temp.Close() // closed already, unless it failed
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	sum := sha256.New()
	source := &reader{from: r}
	size, err := io.Copy(io.MultiWriter(temp, sum), io.LimitReader(source, limit+1))
	switch {
	case source.err != nil:
		return Artifact{}, fmt.Errorf("receive %s: %w", kind, source.err)
	case err != nil:
		return Artifact{}, problem(kind, err)
	case size > limit:
		return Artifact{}, model.Errorf(model.TooLarge, "the %s has more than %d bytes, which is the limit", kind, limit)
	}
	a = Artifact{Digest: hex.EncodeToString(sum.Sum(nil)), Size: size}
	a.Path = filepath.Join(folder, a.Digest+extension)
	failpoint.Reach("artifact.written", a.Digest)
	if err := errors.Join(temp.Sync(), temp.Close()); err != nil {
		return Artifact{}, problem(kind, err)
	}
	failpoint.Reach("artifact.synced", a.Digest)
	if err := s.name(temp.Name(), a.Path); err != nil {
		return Artifact{}, problem(kind, err)
	}
	failpoint.Reach("artifact.renamed", a.Digest)
	if err := durable.SyncDir(folder); err != nil {
		return Artifact{}, problem(kind, err)
	}
	failpoint.Reach("artifact.kept", a.Digest)
	return a, nil
}

// name gives a file its name, in place of one with the same content that is
// there: who reads that goes on to, and one that the disk has damaged is
// whole again.
func (s *Store) name(temp, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if err := os.Chtimes(temp, now, now); err != nil { // it is new, however long it took
		return err
	}
	return os.Rename(temp, path)
}

func problem(kind string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return model.Errorf(model.Unavailable, "the disk is full; the %s was not stored: %w", kind, err)
	}
	return fmt.Errorf("store %s: %w", kind, err)
}

// reader remembers that it is the reading that failed.
type reader struct {
	from io.Reader
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
