package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// writer writes the file of an object. Nobody sees it before publish.
type writer struct {
	store *store
	name  string // below incoming
	file  *os.File
	hash  hash.Hash
	size  int64
}

func (s *store) create() (*writer, error) {
	name := path.Join(s.own, fmt.Sprintf("%d", s.last.Add(1)))
	file, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &writer{store: s, name: name, file: file, hash: sha256.New()}, nil
}

const pace = 1 << 20 // bytes between two looks at the context

func (w *writer) write(ctx context.Context, b []byte) error {
	for len(b) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(b), pace)
		if _, err := w.file.Write(b[:n]); err != nil {
			return err
		}
		w.hash.Write(b[:n])
		w.size += int64(n)
		b = b[n:]
	}
	return ctx.Err()
}

// publish makes the file an object. The writer is of no use afterwards.
func (w *writer) publish(put storage.Put) (*storage.Object, error) {
	return w.publishAs(put, hex.EncodeToString(w.hash.Sum(nil)))
}

func (w *writer) publishAs(put storage.Put, etag string) (*storage.Object, error) {
	f := &footer{
		Key: put.Key, ContentType: put.ContentType, ETag: etag,
		Modified: time.Now().UnixNano(), metadata: put.Metadata, size: w.size,
	}
	end, err := f.encode()
	if err != nil {
		return nil, err
	}
	if _, err := w.file.Write(end); err != nil {
		return nil, w.store.failedToWrite(err)
	}
	if err := w.file.Sync(); err != nil {
		return nil, w.store.failedToWrite(err)
	}
	if err := w.file.Close(); err != nil { // Windows renames no open files
		return nil, w.store.failedToWrite(err)
	}
	visible, err := w.store.publish(w.name, path.Join(objects, pathOf(put.Key)), put.Create)
	switch {
	case put.Create && errors.Is(err, fs.ErrExist):
		return nil, errThere
	case put.Create && errors.Is(err, errors.ErrUnsupported):
		return nil, service.Errorf(abi.ErrUnsupported, "the file system has no links, so an object cannot be created only if it is absent")
	case err != nil && visible:
		return nil, service.Errorf(abi.ErrUnknown, "the object is there, but may be lost: %v", failure(err))
	case err != nil:
		return nil, w.store.failedToWrite(err)
	}
	if put.Create {
		_ = w.store.root.Remove(w.name) // the link's other name
	}
	return f.object(), nil
}

// discard removes the file, unless it is an object by now.
func (w *writer) discard() {
	_ = w.file.Close()
	_ = w.store.root.Remove(w.name)
}
