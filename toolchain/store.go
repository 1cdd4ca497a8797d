package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// store copies a compiler's product into the cache, named by its content.
func (t *Toolchain) store(product string) (path, digest string, err error) {
	dir := t.libraryDir()
	digest, err = place(product, dir, func(digest string) string {
		path = filepath.Join(dir, digest+Extension())
		return path
	})
	return path, digest, err
}

// copying is how the names of files begin that are not whole yet.
const copying = ".library-"

// place copies the file src to a name in dir that may depend on its digest.
// After a crash at any point the name holds all of it or what it held before.
func place(src, dir string, name func(digest string) string) (digest string, err error) {
	// Who builds may leave a pipe or a device there, which has no end.
	if info, err := os.Lstat(src); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%q is no file", src)
	}
	in, err := os.Open(src)
	if err != nil {
		return "", err
	}
	defer in.Close()
	temp, err := os.CreateTemp(dir, copying)
	if err != nil {
		return "", err
	}
	defer func() {
		temp.Close()
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	hash := sha256.New()
	if _, err = io.Copy(io.MultiWriter(temp, hash), in); err != nil {
		return "", err
	}
	if err = temp.Chmod(0o755); err != nil && runtime.GOOS != "windows" {
		return "", err
	}
	if err = temp.Sync(); err != nil {
		return "", err
	}
	if err = temp.Close(); err != nil {
		return "", err
	}
	digest = hex.EncodeToString(hash.Sum(nil))
	if err = os.Rename(temp.Name(), name(digest)); err != nil {
		return "", err
	}
	return digest, syncDir(dir)
}

// syncDir makes a rename durable, where the system has that.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
