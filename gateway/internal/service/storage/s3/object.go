package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// Get implements storage.Conn.
func (c *conn) Get(ctx context.Context, r storage.Get) (*storage.Object, error) {
	var object *storage.Object
	err := failure(c.again(ctx, func() (err error) {
		object, err = c.get(ctx, r)
		return err
	}))
	var e *service.Error
	if errors.As(err, &e) && e.Code == "range" && r.Offset >= 0 {
		// To the server a part that starts right at the end is none.
		object, err = c.Head(ctx, storage.Head{Key: r.Key})
		if err != nil {
			return nil, err
		}
		if _, err := r.Part(object.Size); err != nil {
			return nil, err
		}
		object.Offset, object.Body = r.Offset, []byte{}
	}
	return object, err
}

func (c *conn) get(ctx context.Context, r storage.Get) (*storage.Object, error) {
	var o minio.GetObjectOptions
	if r.ETag != "" {
		_ = o.SetMatchETag(r.ETag) // an error is for "" only
	}
	if r.Offset > 0 || r.Length > 0 {
		text := "bytes=" + strconv.FormatInt(r.Offset, 10) + "-"
		if r.Length > 0 && r.Offset+r.Length > r.Offset {
			text += strconv.FormatInt(r.Offset+r.Length-1, 10)
		}
		o.Set("Range", text)
	}
	body, info, header, err := c.client.GetObject(ctx, c.bucket, c.prefix+r.Key, o)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	object := objectOf(info)
	object.Offset = r.Offset
	if _, whole, ok := strings.Cut(header.Get("Content-Range"), "/"); ok {
		if object.Size, err = strconv.ParseInt(whole, 10, 64); err != nil {
			return nil, service.Errorf(abi.ErrUnavailable, "the server does not tell how large the object is")
		}
	} else if r.Offset > 0 || r.Length > 0 && object.Size > r.Length {
		return nil, service.Errorf(abi.ErrUnsupported, "the server does not serve parts of objects")
	}
	n, err := r.Part(object.Size)
	if err != nil {
		return nil, err
	}
	object.Body = make([]byte, n)
	if _, err := io.ReadFull(body, object.Body); err != nil {
		if err == io.EOF { // cut at once; to the client that is no error of a connection
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return object, nil
}

// Head implements storage.Conn.
func (c *conn) Head(ctx context.Context, r storage.Head) (*storage.Object, error) {
	var info minio.ObjectInfo
	err := c.again(ctx, func() (err error) {
		info, err = c.client.StatObject(ctx, c.bucket, c.prefix+r.Key, minio.StatObjectOptions{})
		return err
	})
	if err != nil {
		return nil, failure(err)
	}
	return objectOf(info), nil
}

// Put implements storage.Conn.
func (c *conn) Put(ctx context.Context, r storage.Put) (*storage.Object, error) {
	return c.put(ctx, r, r.Body)
}

func (c *conn) put(ctx context.Context, r storage.Put, body []byte) (*storage.Object, error) {
	o, run := options(r), c.again
	if r.Create { // a second one would find the first
		o, run = absent(o), c.once
	}
	digest := c.digest(body)
	var info minio.UploadInfo
	send := func() (err error) {
		info, err = c.client.PutObject(ctx, c.bucket, c.prefix+r.Key, bytes.NewReader(body), int64(len(body)), "", digest, o)
		return err
	}
	if err := run(ctx, send); err != nil {
		return nil, created(r, outcome(err))
	}
	return stored(r, int64(len(body)), info.ETag), nil
}

// digest is what signs a body: its hash; over TLS, which protects it, nothing. A
// body that is signed piece by piece, as the client would do by itself, is
// hashed as well, and some servers do not read the frame of an empty one.
func (c *conn) digest(body []byte) string {
	if c.secure {
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// created says what a conflict is that comes of Put.Create.
func created(r storage.Put, err error) error {
	var e *service.Error
	if r.Create && errors.As(err, &e) && e.Status == abi.ErrConflict {
		e.Message = "an object of that key is there"
	}
	return err
}

func stored(r storage.Put, size int64, etag string) *storage.Object {
	return &storage.Object{Size: size, ETag: etag, ContentType: r.ContentType, Metadata: r.Metadata}
}

// Delete implements storage.Conn.
func (c *conn) Delete(ctx context.Context, r storage.Delete) error {
	err := outcome(c.again(ctx, func() error {
		return c.client.RemoveObject(ctx, c.bucket, c.prefix+r.Key, minio.RemoveObjectOptions{})
	}))
	if errors.Is(err, abi.ErrNotFound) {
		return nil
	}
	return err
}

// Copy implements storage.Conn. The answer to the copy says little, so the new
// object is looked at.
func (c *conn) Copy(ctx context.Context, r storage.Copy) (*storage.Object, error) {
	err := c.again(ctx, func() error {
		_, err := c.client.CopyObject(ctx, c.bucket, c.prefix+r.From, c.bucket, c.prefix+r.To, nil,
			minio.CopySrcOptions{}, minio.PutObjectOptions{})
		return err
	})
	if err != nil {
		return nil, outcome(err)
	}
	return c.Head(ctx, storage.Head{Key: r.To})
}

// Presign implements storage.Conn.
func (c *conn) Presign(ctx context.Context, r storage.Presign) (string, error) {
	method := http.MethodGet
	if r.Write {
		method = http.MethodPut
	}
	u, err := c.client.Presign(ctx, method, c.bucket, c.prefix+r.Key, r.Lifetime, nil)
	if err != nil {
		return "", failure(err)
	}
	return u.String(), nil
}
