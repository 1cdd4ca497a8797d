package s3

import (
	"bytes"
	"context"
	"errors"

	"github.com/minio/minio-go/v7"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// upload gathers bytes until there is a part, and sends it. Nothing is sent
// before that.
type upload struct {
	put    storage.Put
	id     string // of the multipart upload; "" if there is none yet
	parts  []minio.CompletePart
	buffer []byte // less than a part
	size   int64
}

// Start implements storage.Conn.
func (c *conn) Start(ctx context.Context, r storage.Start) (storage.Upload, error) {
	u := &upload{put: storage.Put(r)}
	u.put.Body = nil
	if err := c.Write(ctx, u, r.Body); err != nil {
		return nil, errors.Join(err, c.Abort(ctx, u))
	}
	return u, nil
}

// Write implements storage.Conn. Bytes that make whole parts by themselves are
// not copied.
func (c *conn) Write(ctx context.Context, up storage.Upload, b []byte) error {
	u := up.(*upload)
	u.size += int64(len(b))
	for len(u.buffer)+len(b) >= c.part {
		part := b
		if len(u.buffer) > 0 {
			n := c.part - len(u.buffer)
			u.buffer, b = append(u.buffer, b[:n]...), b[n:]
			part = u.buffer
		} else {
			part, b = b[:c.part], b[c.part:]
		}
		if err := c.send(ctx, u, part); err != nil {
			return err
		}
		u.buffer = u.buffer[:0]
	}
	u.buffer = append(u.buffer, b...)
	return nil
}

func (c *conn) send(ctx context.Context, u *upload, part []byte) error {
	if u.id == "" {
		// Not sent twice: an upload that nobody knows of would stay.
		err := c.once(ctx, func() (err error) {
			u.id, err = c.client.NewMultipartUpload(ctx, c.bucket, c.prefix+u.put.Key, options(u.put))
			return err
		})
		if err != nil {
			return failure(err)
		}
	}
	number, o := len(u.parts)+1, minio.PutObjectPartOptions{Sha256Hex: c.digest(part), DisableContentSha256: true}
	return failure(c.again(ctx, func() error {
		p, err := c.client.PutObjectPart(ctx, c.bucket, c.prefix+u.put.Key, u.id, number,
			bytes.NewReader(part), int64(len(part)), o)
		if err == nil {
			u.parts = append(u.parts, minio.CompletePart{PartNumber: number, ETag: p.ETag})
		}
		return err
	}))
}

// Finish implements storage.Conn.
func (c *conn) Finish(ctx context.Context, up storage.Upload, b []byte) (*storage.Object, error) {
	u := up.(*upload)
	if err := c.Write(ctx, u, b); err != nil {
		return nil, err
	}
	if u.id == "" {
		return c.put(ctx, u.put, u.buffer)
	}
	if len(u.buffer) > 0 {
		if err := c.send(ctx, u, u.buffer); err != nil {
			return nil, err
		}
		u.buffer = nil
	}
	var o minio.PutObjectOptions
	if u.put.Create {
		o = absent(o)
	}
	var info minio.UploadInfo
	// Not sent twice: the second would not find the upload any more.
	err := c.once(ctx, func() (err error) {
		info, err = c.client.CompleteMultipartUpload(ctx, c.bucket, c.prefix+u.put.Key, u.id, u.parts, o)
		return err
	})
	if err != nil {
		return nil, created(u.put, outcome(err))
	}
	return stored(u.put, u.size, info.ETag), nil
}

// Abort implements storage.Conn.
func (c *conn) Abort(ctx context.Context, up storage.Upload) error {
	u := up.(*upload)
	u.buffer = nil
	if u.id == "" {
		return nil
	}
	err := failure(c.again(ctx, func() error {
		return c.client.AbortMultipartUpload(ctx, c.bucket, c.prefix+u.put.Key, u.id)
	}))
	if errors.Is(err, abi.ErrNotFound) {
		return nil
	}
	return err
}
