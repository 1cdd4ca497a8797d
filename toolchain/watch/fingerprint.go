package watch

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/tree"
)

// fingerprint is what a folder holds at one time.
type fingerprint struct {
	present bool
	shape   [sha256.Size]byte // names, sizes and times: cheap to take
	content [sha256.Size]byte // names and bytes: what counts
	dirs    []string          // absolute, links resolved
}

// errMoving tells that files went away while they were read.
var errMoving = errors.New("the folder changes while it is read")

// take reads the folder dir. With `known` given, files are not read when the
// shape is as it was. The only error is errMoving: a folder that cannot be read
// is content of its own kind, to be reported, since the build will say why.
func take(dir string, exclude []string, known *fingerprint) (fingerprint, error) {
	f, err := readFolder(dir, exclude, known)
	if err != nil && !errors.Is(err, errMoving) {
		return fingerprint{present: true, content: sha256.Sum256([]byte(err.Error()))}, nil
	}
	return f, err
}

func readFolder(dir string, exclude []string, known *fingerprint) (fingerprint, error) {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fingerprint{}, nil
	}
	if err != nil {
		return fingerprint{}, err
	}
	list, err := tree.List(real, exclude)
	if errors.Is(err, fs.ErrNotExist) {
		return fingerprint{}, nil
	}
	if err != nil {
		return fingerprint{}, err
	}
	f := fingerprint{present: true}
	for _, name := range list.Dirs {
		f.dirs = append(f.dirs, filepath.Join(real, name))
	}
	shape, files := sha256.New(), list.Files[:0]
	fmt.Fprintf(shape, "%q\n", f.dirs)
	for _, file := range list.Files {
		if tree.Temporary(file.Name) {
			continue
		}
		files = append(files, file)
		fmt.Fprintf(shape, "%q %d %d %v\n", file.Name, file.Info.Size(), file.Info.ModTime().UnixNano(), file.Info.Mode())
	}
	shape.Sum(f.shape[:0])
	if known != nil && known.present && known.shape == f.shape {
		f.content = known.content
		return f, nil
	}
	content := sha256.New()
	for _, file := range files {
		sum, err := hashFile(filepath.Join(real, file.Name))
		if errors.Is(err, fs.ErrNotExist) {
			return fingerprint{}, errMoving
		}
		if err != nil {
			return fingerprint{}, err
		}
		fmt.Fprintf(content, "%q %x\n", file.Name, sum)
	}
	content.Sum(f.content[:0])
	return f, nil
}

func (f fingerprint) sameContent(other fingerprint) bool {
	return f.present == other.present && bytes.Equal(f.content[:], other.content[:])
}

func hashFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hash.Sum(nil), err
}
