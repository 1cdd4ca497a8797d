package directory

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// look opens the file of a key and reads its footer.
func (s *store) look(key string) (*os.File, *footer, error) {
	file, err := s.root.Open(path.Join(objects, pathOf(key)))
	if err != nil {
		return nil, nil, s.failed(err)
	}
	f, err := readFooter(file)
	if err != nil {
		_ = file.Close()
		return nil, nil, s.failed(err)
	}
	return file, f, nil
}

// Get implements storage.Conn.
func (c conn) Get(ctx context.Context, r storage.Get) (*storage.Object, error) {
	file, f, err := c.store.look(r.Key)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if r.ETag != "" && r.ETag != f.ETag {
		return nil, errOther
	}
	n, err := r.Part(f.size)
	if err != nil {
		return nil, err
	}
	o := f.object()
	o.Offset, o.Body = r.Offset, make([]byte, n)
	for at := int64(0); at < n; at += pace {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := file.ReadAt(o.Body[at:min(n, at+pace)], r.Offset+at); err != nil {
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				err = errDamaged
			}
			return nil, failure(err)
		}
	}
	return o, nil
}

// Head implements storage.Conn.
func (c conn) Head(_ context.Context, r storage.Head) (*storage.Object, error) {
	file, f, err := c.store.look(r.Key)
	if err != nil {
		return nil, err
	}
	_ = file.Close()
	return f.object(), nil
}

// Put implements storage.Conn.
func (c conn) Put(ctx context.Context, r storage.Put) (*storage.Object, error) {
	if r.Create { // spares the writing, where it would be in vain
		if _, err := c.store.root.Lstat(path.Join(objects, pathOf(r.Key))); err == nil {
			return nil, errThere
		}
	}
	w, err := c.store.create()
	if err != nil {
		return nil, c.store.failedToWrite(err)
	}
	if err := w.write(ctx, r.Body); err != nil {
		w.discard()
		return nil, c.store.failedToWrite(err)
	}
	o, err := w.publish(r)
	if err != nil {
		w.discard()
	}
	return o, err
}

// Copy implements storage.Conn. Where the file system can, the copy shares the
// blocks of the original.
func (c conn) Copy(ctx context.Context, r storage.Copy) (*storage.Object, error) {
	from, f, err := c.store.look(r.From)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	w, err := c.store.create()
	if err != nil {
		return nil, c.store.failedToWrite(err)
	}
	for w.size < f.size && err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int64
		n, err = io.Copy(w.file, io.LimitReader(from, min(f.size-w.size, 64*pace)))
		if w.size += n; n == 0 && err == nil {
			err = errDamaged
		}
	}
	var o *storage.Object
	if err == nil {
		o, err = w.publishAs(storage.Put{Key: r.To, ContentType: f.ContentType, Metadata: f.metadata}, f.ETag)
	}
	if err != nil {
		w.discard()
		return nil, c.store.failedToWrite(err)
	}
	return o, nil
}

// Delete implements storage.Conn. That there is nothing has to be durable too:
// another caller may have removed it a moment ago.
func (c conn) Delete(_ context.Context, r storage.Delete) error {
	name := path.Join(objects, pathOf(r.Key))
	err := c.store.root.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err)
	}
	if err != nil && c.store.stale() {
		return errGone
	}
	removed := err == nil
	folder := path.Dir(name)
	if err := syncFolder(c.store.root, folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return service.Errorf(abi.ErrUnknown, "the object is gone, but may come back: %v", failure(err))
	}
	if removed {
		c.store.prune(folder)
	}
	return nil
}
