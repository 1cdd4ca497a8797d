// Package artifact keeps libraries and source trees as immutable files named by
// the SHA-256 of their bytes. A file is there whole, and on the disk, or not at
// all.
package artifact

import "io"

// Store is a folder for libraries and one for source trees, in the data
// directory.
type Store struct{}

// Open makes the folders where they are missing and removes what was never
// finished: DIR/versions, which it shares with the gateway, and DIR/sources.
func Open(dir string) (*Store, error) { panic("not written") }

// Artifact is one file.
type Artifact struct {
	Digest string
	Size   int64
	Path   string
}

// PutLibrary keeps a library of at most limit bytes; more is a *model.Error of
// kind TooLarge. The file's extension is that of libraries on this system.
func (s *Store) PutLibrary(r io.Reader, limit int64) (Artifact, error) { panic("not written") }

// PutSource keeps a source tree, a tar.
func (s *Store) PutSource(r io.Reader, limit int64) (Artifact, error) { panic("not written") }

// Library and Source find a file; a *model.Error of kind Missing if it is not
// there.
func (s *Store) Library(digest string) (Artifact, error) { panic("not written") }
func (s *Store) Source(digest string) (Artifact, error)  { panic("not written") }

// Collect removes what keep does not have and what is older than a few minutes,
// so that nothing goes that is being put to use. It tells what remains.
func (s *Store) Collect(libraries, sources func(digest string) (keep bool)) (freed, remaining int64, err error) {
	panic("not written")
}
