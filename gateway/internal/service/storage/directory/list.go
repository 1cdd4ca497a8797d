package directory

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// beyond is greater than every byte of UTF-8.
const beyond = "\xff"

// walk visits keys in the order of their bytes, from some key on, and fills a
// page with them.
type walk struct {
	ctx   context.Context
	store *store
	list  storage.List
	after string // keys up to this one are done
	page  storage.Page
	full  bool // the page is, and there is more
}

// List implements storage.Conn.
func (c conn) List(ctx context.Context, r storage.List) (*storage.Page, error) {
	w := &walk{ctx: ctx, store: c.store, list: r, after: r.After}
	if r.AfterPrefix() {
		w.after += beyond
	}
	root, err := c.store.root.OpenRoot(objects)
	if err != nil {
		return nil, c.store.failed(err)
	}
	defer root.Close()
	if err := w.folder(root, ""); err != nil {
		return nil, c.store.failed(err)
	}
	if len(w.page.Entries) == 0 && c.store.stale() {
		return nil, errGone
	}
	if w.full {
		w.page.Next = w.page.Entries[len(w.page.Entries)-1].Key
	}
	return &w.page, nil
}

// folder visits the keys in one folder; all of them start with at.
func (w *walk) folder(root *os.Root, at string) error {
	for floor, more := "", true; more && !w.full; {
		var pieces []piece
		var err error
		if pieces, more, err = w.next(root, at, floor); err != nil {
			return err
		}
		for _, p := range pieces {
			if w.full || !w.wanted(at, p) { // after may have moved on
				continue
			}
			if err := w.visit(root, at, p); err != nil {
				return err
			}
		}
		if more {
			floor = pieces[len(pieces)-1].text
		}
	}
	return nil
}

func (w *walk) visit(root *os.Root, at string, p piece) error {
	info, err := root.Lstat(p.name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // removed meanwhile
		return nil
	case err != nil:
		return err
	case info.IsDir() != p.folder || !p.folder && !info.Mode().IsRegular(): // not ours
		return nil
	case !p.folder:
		return w.object(root, p.name, at+p.text)
	}
	sub, err := root.OpenRoot(p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer sub.Close()
	return w.folder(sub, at+p.text)
}

// wanted tells whether a piece is, or may lead to, a key that is to be visited.
func (w *walk) wanted(at string, p piece) bool {
	key := at + p.text
	if !p.folder {
		return key > w.after && strings.HasPrefix(key, w.list.Prefix)
	}
	if !strings.HasPrefix(key, w.list.Prefix) && !strings.HasPrefix(w.list.Prefix, key) {
		return false
	}
	inside, ok := strings.CutPrefix(w.after, key)
	if ok {
		return inside != beyond
	}
	return key > w.after
}

// next reads the pieces of a folder that are wanted and behind floor: the
// first ones in order, no more than a page needs. So a page costs a page's
// memory, however many names there are. A folder may turn out to lead to no
// key; then there is more to read.
func (w *walk) next(root *os.Root, at, floor string) (pieces []piece, more bool, err error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, false, err
	}
	defer dir.Close()
	most := w.list.Limit - len(w.page.Entries) + 1
	byText := func(a, b piece) int { return strings.Compare(a.text, b.text) }
	trim := func() {
		slices.SortFunc(pieces, byText)
		if len(pieces) > most {
			pieces, more = pieces[:most], true
		}
	}
	for {
		if err := w.ctx.Err(); err != nil {
			return nil, false, err
		}
		names, err := dir.Readdirnames(1024)
		for _, name := range names {
			if p, ok := pieceOf(name); ok && (floor == "" || p.text > floor) && w.wanted(at, p) {
				pieces = append(pieces, p)
			}
		}
		if len(pieces) >= 2*most+1024 {
			trim()
		}
		if err == io.EOF || errors.Is(err, fs.ErrNotExist) { // the end, or the folder was removed meanwhile
			trim()
			return pieces, more, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// object puts a key on the page, or the prefix that it is rolled up to.
func (w *walk) object(root *os.Root, name, key string) error {
	if len(w.page.Entries) == w.list.Limit {
		w.full = true
		return nil
	}
	if prefix, ok := w.list.RollUp(key); ok {
		w.page.Entries = append(w.page.Entries, storage.Entry{Key: prefix, Prefix: true})
		w.after = prefix + beyond
		return nil
	}
	w.after = key
	file, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	defer file.Close()
	f, err := readFooter(file)
	if errors.Is(err, errDamaged) {
		w.store.backend.log.Warn("the file of an object is damaged", "key", key)
		return nil
	}
	if err != nil {
		return err
	}
	w.page.Entries = append(w.page.Entries, storage.Entry{
		Key: key, ETag: f.ETag, Size: f.size, Modified: time.Unix(0, f.Modified),
	})
	return nil
}
