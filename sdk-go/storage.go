package edge

import (
	"io"
	"iter"
	"time"
)

// Storage holds objects. A key is 1 to 1,024 bytes of UTF-8 without NUL; '/'
// has no meaning but for lists. An object is whole or not there, and durable
// once a call has returned without an error. One call carries or brings up to 64
// MiB; what is larger goes in parts: see Upload and GetRange.
type Storage interface {
	// Get reads an object. [ErrNotFound].
	Get(key string) (*Object, error)

	// GetRange reads a part of an object. [ErrNotFound]; [ErrConflict]: it has
	// another ETag; [ErrInvalid] with [ServiceError.Code] "range": it ends
	// before the range begins. To read in chunks, ask for one part after the
	// other with the ETag of the first.
	GetRange(key string, part Range) (*Object, error)

	// Head is Get without the body.
	Head(key string) (*Object, error)

	// Put stores an object whose body is at hand. [ErrConflict]:
	// [PutOptions.Create], and there is one.
	Put(key string, body []byte, options PutOptions) (*Object, error)

	// Upload stores an object of unknown length. It is given up when the request
	// is answered before Finish; a request has up to 16 open. Background work has none: [ErrUnsupported].
	Upload(key string, options PutOptions) (Upload, error)

	// Delete deletes an object. It is no error when there was none.
	Delete(key string) error

	// List gives what there is, in the order of the keys' bytes, page after
	// page. An error is the last that the loop gets.
	List(ListOptions) iter.Seq2[ListEntry, error]

	// ListPage gives one page of a list.
	ListPage(ListOptions) (*ListPage, error)

	// Copy copies within the service, metadata too. [ErrNotFound].
	Copy(from, to string) (*Object, error)

	// PresignedURL is a URL that works for some time, 1 second to 7 days, without
	// more authority. [ErrUnsupported]: the service is not set up for it.
	PresignedURL(use URLUse, key string, lifetime time.Duration) (string, error)
}

// Range is a part of an object.
type Range struct {
	Offset int64
	Length int64  // at most; 0: to the end
	ETag   string // that the object has to have; "" for any
}

// PutOptions say how an object is stored.
type PutOptions struct {
	ContentType string // "": application/octet-stream
	Metadata    Fields // names are tokens, compared in lower case; 2 KiB in all
	Create      bool   // only if there is none of that key
}

// Upload is an object that is being written, by one goroutine at a time. It
// gathers small writes into parts. After an error, and after Finish or Abort, no
// more can be written.
type Upload interface {
	io.Writer

	// Finish makes it an object, which only then can be seen. [ErrConflict]:
	// [PutOptions.Create], and there is one.
	Finish() (*Object, error)

	// Abort gives it up. After Finish or Abort it does nothing.
	Abort() error
}

// Object is an object as it was read or stored.
type Object struct {
	Size        int64  // of the whole object
	Offset      int64  // of Body in it
	Body        []byte // with Get and GetRange
	ETag        string // changes with the content; without quotes
	ContentType string
	Modified    time.Time // zero: the backend did not say
	Metadata    Fields
}

// ListOptions say what of a storage is listed.
type ListOptions struct {
	Prefix    string
	Delimiter string // keys with it behind the prefix are rolled up; "": none are
	After     string // ListPage.Next of the page before; or ""
	Limit     int    // entries of a page, prefixes included; 0: 1,000, which is the most
}

// ListPage is one page of a list.
type ListPage struct {
	Entries []ListEntry
	Next    string // for ListOptions.After; "": this was the last page
}

// ListEntry is an object or, with a delimiter, a prefix that several have.
type ListEntry struct {
	Key      string // or a prefix, its delimiter included
	ETag     string // "" with a prefix
	Size     int64
	Modified time.Time // zero with a prefix
}

// IsPrefix tells whether the entry stands for all keys that start so.
func (e ListEntry) IsPrefix() bool { return e.ETag == "" && e.Modified.IsZero() }

// URLUse is what a presigned URL is for.
type URLUse uint32

const (
	ReadURL  URLUse = iota // GET
	WriteURL               // PUT
)
