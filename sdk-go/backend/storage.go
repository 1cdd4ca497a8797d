package backend

import (
	"iter"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// Storage is what a gateway has of a storage, for one request or for an
// instance.
type Storage interface {
	Get(key string, part edge.Range) (*edge.Object, error)
	Head(key string) (*edge.Object, error)
	Put(key string, body []byte, options edge.PutOptions) (*edge.Object, error)
	Start(key string, options edge.PutOptions) (upload uint64, err error)
	Write(upload uint64, part []byte) error
	Finish(upload uint64, last []byte) (*edge.Object, error)
	Abort(upload uint64) error
	Delete(key string) error
	ListPage(edge.ListOptions) (*edge.ListPage, error)
	Copy(from, to string) (*edge.Object, error)
	PresignedURL(use edge.URLUse, key string, lifetime time.Duration) (string, error)
}

// NewStorage makes the service of a backend.
func NewStorage(b Storage) edge.Storage { return storage{b} }

type storage struct{ Storage }

func (s storage) Get(key string) (*edge.Object, error) { return s.Storage.Get(key, edge.Range{}) }

func (s storage) GetRange(key string, part edge.Range) (*edge.Object, error) {
	if part.Offset < 0 || part.Length < 0 {
		return nil, failure(edge.ErrInvalid, "a range of %d bytes from %d", part.Length, part.Offset)
	}
	return s.Storage.Get(key, part)
}

func (s storage) Upload(key string, options edge.PutOptions) (edge.Upload, error) {
	id, err := s.Start(key, options)
	if err != nil {
		return nil, err
	}
	return &upload{backend: s.Storage, id: id}, nil
}

func (s storage) List(options edge.ListOptions) iter.Seq2[edge.ListEntry, error] {
	return func(yield func(edge.ListEntry, error) bool) {
		for {
			page, err := s.ListPage(options)
			if err != nil {
				yield(edge.ListEntry{}, err)
				return
			}
			for _, entry := range page.Entries {
				if !yield(entry, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			options.After = page.Next
		}
	}
}

func (s storage) ListPage(options edge.ListOptions) (*edge.ListPage, error) {
	if options.Limit < 0 {
		return nil, failure(edge.ErrInvalid, "a page of %d entries", options.Limit)
	}
	return s.Storage.ListPage(options)
}
