package archive

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// folder is where an archive is unpacked. It sees to the limits, and that no
// entry gets in the way of another, on whatever system.
type folder struct {
	root   *os.Root
	limits Limits
	seen   map[string]node // by the path in lower case
	files  int
	size   int64
}

type node struct {
	name string
	dir  bool
}

func openFolder(dir string, limits Limits) (*folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{root: root, limits: limits, seen: map[string]node{}}, nil
}

// add puts an entry there. Content is nil for a folder; declared is the size
// that the archive says, or -1.
func (f *folder) add(name string, mode fs.FileMode, declared int64, content io.Reader) error {
	name, err := f.claim(name, content == nil)
	if err != nil || name == "" {
		return err
	}
	if content == nil {
		return f.root.MkdirAll(name, 0o755)
	}
	if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	room := min(f.limits.File, f.limits.Total-f.size)
	if declared > room {
		return f.over(name)
	}
	perm := fs.FileMode(0o644)
	if mode&0o100 != 0 {
		perm = 0o755
	}
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	defer file.Close()
	from := &readErrors{Reader: content}
	n, err := io.Copy(file, io.LimitReader(from, room+1))
	switch {
	case n > room:
		return f.over(name)
	case from.err != nil:
		return because(from.err, "entry %q cannot be read", shown(name))
	case err != nil:
		return fmt.Errorf("unpack %q: %w", name, err)
	}
	f.files++
	f.size += n
	return file.Close()
}

func (f *folder) over(name string) error {
	if f.limits.File < f.limits.Total-f.size {
		return tooLarge("entry %q has more than %d bytes", shown(name), f.limits.File)
	}
	return tooLarge("with entry %q the archive unpacks to more than %d bytes", shown(name), f.limits.Total)
}

// claim checks a name against the rules, the limits and all names before it,
// and gives it in its plain form; "" for the folder itself.
func (f *folder) claim(name string, dir bool) (string, error) {
	plain := strings.TrimPrefix(name, "./")
	if dir {
		plain = strings.TrimSuffix(plain, "/")
		if plain == "" || plain == "." {
			return "", nil
		}
	}
	if len(plain) > f.limits.Name {
		return "", tooLarge("the name of entry %q is longer than %d bytes", shown(name), f.limits.Name)
	}
	if err := CheckName(plain); err != nil {
		return "", refuse("entry %q: the name is not allowed: %w", shown(name), err)
	}
	if strings.Count(plain, "/") > f.limits.Depth {
		return "", tooLarge("entry %q is more than %d folders deep", shown(name), f.limits.Depth)
	}
	for i, c := range plain {
		if c == '/' {
			if err := f.note(plain[:i], true); err != nil {
				return "", err
			}
		}
	}
	return plain, f.note(plain, dir)
}

func (f *folder) note(name string, dir bool) error {
	key := strings.ToLower(name)
	before, known := f.seen[key]
	switch {
	case !known:
		if len(f.seen) == f.limits.Entries {
			return tooLarge("entry %q is one too many: an archive may have %d files and folders", shown(name), f.limits.Entries)
		}
		f.seen[key] = node{name, dir}
		return nil
	case before.name != name:
		return refuse("entries %q and %q differ only by case, which not every system tells apart", shown(before.name), shown(name))
	case before.dir && dir:
		return nil
	case before.dir != dir:
		return refuse("entry %q is there as a file and as a folder", shown(name))
	}
	return refuse("entry %q is there twice", shown(name))
}

// readErrors tells the errors of reading from those of writing.
type readErrors struct {
	io.Reader
	err error
}

func (r *readErrors) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
