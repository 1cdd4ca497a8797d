package directory

import (
	"context"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// upload is a writer that stays open between operations, and keeps the store
// open with it.
type upload struct {
	writer *writer
	put    storage.Put
	free   func() // once
}

// Start implements storage.Conn.
func (c conn) Start(ctx context.Context, r storage.Start) (storage.Upload, error) {
	w, err := c.store.create()
	if err != nil {
		return nil, c.store.failedToWrite(err)
	}
	if err := w.write(ctx, r.Body); err != nil {
		w.discard()
		return nil, c.store.failedToWrite(err)
	}
	u := &upload{writer: w, put: storage.Put(r)}
	u.put.Body = nil
	c.store.retain()
	u.free = sync.OnceFunc(func() { c.backend.release(c.store) })
	return u, nil
}

// Write implements storage.Conn.
func (c conn) Write(ctx context.Context, up storage.Upload, part []byte) error {
	u := up.(*upload)
	if err := u.writer.write(ctx, part); err != nil {
		return u.writer.store.failedToWrite(err)
	}
	return nil
}

// Finish implements storage.Conn.
func (c conn) Finish(ctx context.Context, up storage.Upload, last []byte) (*storage.Object, error) {
	u := up.(*upload)
	if err := c.Write(ctx, u, last); err != nil {
		return nil, err
	}
	o, err := u.writer.publish(u.put)
	if err != nil {
		return nil, err
	}
	u.free()
	return o, nil
}

// Abort implements storage.Conn.
func (c conn) Abort(_ context.Context, up storage.Upload) error {
	u := up.(*upload)
	u.writer.discard()
	u.free()
	return nil
}

// Presign implements storage.Conn.
func (c conn) Presign(_ context.Context, r storage.Presign) (string, error) {
	return c.backend.signer.sign(r)
}
