package storage

import "time"

// Request is one of the types below. Its bytes belong to the service until the
// request is done.
type Request interface {
	// checked is the request in its normal form, or why it cannot be run.
	checked(Limits) (Request, error)
	// weight is how many bytes of a body wait with it.
	weight() int
}

// Get reads an object or a part of it.
type Get struct {
	Key    string
	Offset int64
	Length int64  // at most; 0: to the end
	ETag   string // it has to have; or ""
}

// Head is Get without the body.
type Head struct{ Key string }

// Put stores an object.
type Put struct {
	Key         string
	ContentType string  // "": application/octet-stream
	Metadata    []Field // names: tokens, compared in lower case
	Body        []byte
	Create      bool // only if there is none of that key
}

// Start begins an object of unknown length; its body is the first part. It
// belongs to the request that starts it.
type Start Put

// Write adds to an object that was started.
type Write struct {
	Upload uint64
	Bytes  []byte
}

// Finish makes it an object. Its bytes are the last part.
type Finish Write

// Abort gives it up.
type Abort struct{ Upload uint64 }

// Delete deletes an object, if there is one.
type Delete struct{ Key string }

// List lists keys.
type List struct {
	Prefix    string
	Delimiter string
	After     string // Page.Next of the page before
	Limit     int    // entries; 0: MaxEntries, which is the most
}

// Copy copies an object and its metadata.
type Copy struct{ From, To string }

// Presign makes a URL that works for some time.
type Presign struct {
	Key      string
	Write    bool          // for PUT instead of GET
	Lifetime time.Duration // 1 s to 7 days
}

// Result is what a request brought, by its type: an Object for Get, Head, Put,
// Finish and Copy, a Page for List, an Upload for Start, a URL for Presign.
type Result struct {
	Object *Object
	Page   *Page
	Upload uint64
	URL    string
}

func (Get) weight() int      { return 0 }
func (Head) weight() int     { return 0 }
func (r Put) weight() int    { return len(r.Body) }
func (r Start) weight() int  { return len(r.Body) }
func (r Write) weight() int  { return len(r.Bytes) }
func (r Finish) weight() int { return len(r.Bytes) }
func (Abort) weight() int    { return 0 }
func (Delete) weight() int   { return 0 }
func (List) weight() int     { return 0 }
func (Copy) weight() int     { return 0 }
func (Presign) weight() int  { return 0 }
