package gofunc

import (
	"bytes"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// storing runs the operations of a storage. Bodies are copied: past the
// deadline the handler has its bytes back, and the driver may still read them.
type storing struct{ lent[*storage.Service] }

func (s *services) Storage(name string) (edge.Storage, error) {
	l, err := lend[*storage.Service](s, name)
	if err != nil {
		return nil, err
	}
	return backend.NewStorage(storing{l}), nil
}

func (s storing) do(r storage.Request) (storage.Result, error) {
	return await(s.lent, edge.ErrDeadline, func(running *storage.Service, call service.Call, done func(storage.Result, error)) func() {
		return running.Submit(call, r, done)
	})
}

// object runs a request that brings an object.
func (s storing) object(r storage.Request) (*edge.Object, error) {
	result, err := s.do(r)
	if err != nil {
		return nil, err
	}
	o := result.Object
	object := &edge.Object{
		Size: o.Size, Offset: o.Offset, Body: o.Body, ETag: o.ETag, ContentType: o.ContentType, Modified: o.Modified,
	}
	for _, f := range o.Metadata {
		object.Metadata = append(object.Metadata, edge.Field{Name: f.Name, Value: f.Value})
	}
	return object, nil
}

func (s storing) Get(key string, part edge.Range) (*edge.Object, error) {
	return s.object(storage.Get{Key: key, Offset: part.Offset, Length: part.Length, ETag: part.ETag})
}

func (s storing) Head(key string) (*edge.Object, error) { return s.object(storage.Head{Key: key}) }

func (s storing) Put(key string, body []byte, options edge.PutOptions) (*edge.Object, error) {
	return s.object(putOf(key, body, options))
}

func (s storing) Start(key string, options edge.PutOptions) (uint64, error) {
	result, err := s.do(storage.Start(putOf(key, nil, options)))
	return result.Upload, err
}

func (s storing) Write(upload uint64, part []byte) error {
	_, err := s.do(storage.Write{Upload: upload, Bytes: bytes.Clone(part)})
	return err
}

func (s storing) Finish(upload uint64, last []byte) (*edge.Object, error) {
	return s.object(storage.Finish{Upload: upload, Bytes: bytes.Clone(last)})
}

func (s storing) Abort(upload uint64) error {
	_, err := s.do(storage.Abort{Upload: upload})
	return err
}

func (s storing) Delete(key string) error {
	_, err := s.do(storage.Delete{Key: key})
	return err
}

func (s storing) ListPage(o edge.ListOptions) (*edge.ListPage, error) {
	result, err := s.do(storage.List{Prefix: o.Prefix, Delimiter: o.Delimiter, After: o.After, Limit: o.Limit})
	if err != nil {
		return nil, err
	}
	page := &edge.ListPage{Entries: make([]edge.ListEntry, len(result.Page.Entries)), Next: result.Page.Next}
	for n, e := range result.Page.Entries {
		page.Entries[n] = edge.ListEntry{Key: e.Key, ETag: e.ETag, Size: e.Size, Modified: e.Modified}
	}
	return page, nil
}

func (s storing) Copy(from, to string) (*edge.Object, error) {
	return s.object(storage.Copy{From: from, To: to})
}

func (s storing) PresignedURL(use edge.URLUse, key string, lifetime time.Duration) (string, error) {
	result, err := s.do(storage.Presign{Key: key, Write: use == edge.WriteURL, Lifetime: lifetime})
	return result.URL, err
}

func putOf(key string, body []byte, options edge.PutOptions) storage.Put {
	put := storage.Put{Key: key, ContentType: options.ContentType, Body: bytes.Clone(body), Create: options.Create}
	for _, f := range options.Metadata {
		put.Metadata = append(put.Metadata, storage.Field{Name: f.Name, Value: f.Value})
	}
	return put
}
