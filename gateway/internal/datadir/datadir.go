// Package datadir is the directory in which a gateway keeps its files. One
// process at a time owns it, and may share it with others that it starts.
package datadir

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ErrLocked says that another gateway uses the directory.
var ErrLocked = errors.New("another gateway is using this data directory")

// Dir is a data directory that this process owns, or shares.
type Dir struct {
	path      string
	instances string
	lock      *os.File // nil if another process has it
}

// Open makes the directory where it is missing, locks it and removes what an
// earlier process left loaded.
func Open(path string) (*Dir, error) {
	d, err := open(path, "")
	if err != nil {
		return nil, err
	}
	name := filepath.Join(d.path, "lock")
	d.lock, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := lockPatiently(d.lock); err != nil {
		owner, _ := io.ReadAll(io.LimitReader(d.lock, 32))
		_ = d.lock.Close()
		if errors.Is(err, errBusy) {
			return nil, fmt.Errorf("%w: %s (process %s); stop it, or choose another with --data",
				ErrLocked, d.path, strings.TrimSpace(string(owner)))
		}
		return nil, fmt.Errorf("lock %q: %w", name, err)
	}
	_ = d.lock.Truncate(0)
	_, _ = d.lock.WriteAt(fmt.Appendln(nil, os.Getpid()), 0) // for the message above only
	d.sweep()
	return d, nil
}

// Lock is the file whose lock makes the directory this process's.
func (d *Dir) Lock() *os.File { return d.lock }

// Inherit is Open for a process that has inherited the lock.
func Inherit(path string, lock *os.File) (*Dir, error) {
	d, err := open(path, "")
	if err != nil {
		return nil, err
	}
	d.lock = lock
	return d, nil
}

// Join shares a directory that another process has opened, and that looks after
// what this one leaves; see [Left]. Several may, side by side.
func Join(path string) (*Dir, error) { return open(path, strconv.Itoa(os.Getpid())) }

func open(path, part string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, instances: filepath.Join(path, instances, part)}
	for _, dir := range []string{path, d.instances, d.versions()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make data directory: %w; choose another with --data", err)
		}
	}
	return d, nil
}

// lockPatiently waits a little for a process that was killed while it started
// another one: that holds the lock, too, until it is the other program.
func lockPatiently(f *os.File) error {
	const patience = 500 * time.Millisecond
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := lock(f)
		if !errors.Is(err, errBusy) || time.Since(begin) > patience {
			return err
		}
	}
}

// Close lets another process have the directory, or ends the share in it.
func (d *Dir) Close() error {
	if d.lock == nil {
		return os.RemoveAll(d.instances)
	}
	return d.lock.Close()
}

const instances = "instances"

// Path is the directory itself.
func (d *Dir) Path() string { return d.path }

// Instances is where copies of libraries are loaded from. Each process has a
// folder of its own.
func (d *Dir) Instances() string { return d.instances }

// Left removes what a process that shared the directory, and has ended, may have
// left loaded.
func Left(path string, pid int) { _ = os.RemoveAll(filepath.Join(path, instances, strconv.Itoa(pid))) }

func (d *Dir) versions() string { return filepath.Join(d.path, "versions") }

func (d *Dir) sweep() {
	left, _ := os.ReadDir(d.instances)
	for _, entry := range left {
		_ = os.RemoveAll(filepath.Join(d.instances, entry.Name()))
	}
}

// Keep stores a library under its digest, for good, and returns both. The file
// is there whole, and on the disk, or not at all. One that is a version already
// stays where it is.
func (d *Dir) Keep(library string) (path, digest string, err error) {
	if digest, ok := d.Kept(library); ok {
		return library, digest, nil
	}
	from, err := os.Open(library)
	if err != nil {
		return "", "", fmt.Errorf("open library: %w", err)
	}
	defer from.Close()
	temp, err := os.CreateTemp(d.versions(), "incoming-*")
	if err != nil {
		return "", "", fmt.Errorf("store library %q: %w", library, err)
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(temp, sum), from); err != nil {
		return "", "", fmt.Errorf("store library %q: %w", library, err)
	}
	digest = hex.EncodeToString(sum.Sum(nil))
	path = filepath.Join(d.versions(), digest+filepath.Ext(library))
	if _, err := os.Stat(path); err == nil {
		return path, digest, nil
	}
	if err := errors.Join(temp.Sync(), temp.Close(), os.Rename(temp.Name(), path), syncDir(d.versions())); err != nil {
		return "", "", fmt.Errorf("store library %q: %w", library, err)
	}
	return path, digest, nil
}

// Kept tells whether a library is one of the versions, by its name: the name is
// the digest of its bytes. They need not be read again, since whoever makes a
// file of such a name there, Keep and the store of artifacts, has written and
// hashed the bytes elsewhere and only then given them the name; nobody writes to
// it afterwards; and who else can write into the folder (0700) can as well put
// any library there under its true name.
func (d *Dir) Kept(library string) (digest string, ok bool) {
	path, err := filepath.Abs(library)
	if err != nil || filepath.Dir(path) != d.versions() {
		return "", false
	}
	name := filepath.Base(path)
	digest = strings.TrimSuffix(name, filepath.Ext(name))
	sum, err := hex.DecodeString(digest)
	if err != nil || len(sum) != sha256.Size || digest != strings.ToLower(digest) {
		return "", false
	}
	info, err := os.Lstat(path)
	return digest, err == nil && info.Mode().IsRegular()
}
