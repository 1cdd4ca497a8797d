package storage

import (
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Limits of all drivers, and of one.
const (
	MaxKey         = 1024     // bytes
	MaxBody        = 64 << 20 // bytes that one request carries or brings
	MaxMetadata    = 2 << 10  // bytes of names and values
	MaxContentType = 255      // bytes
	MaxEntries     = 1000     // of a page
	MaxLifetime    = 7 * 24 * time.Hour
)

// Limits are what a driver adds.
type Limits struct {
	Key    int   // bytes; 0: MaxKey
	Object int64 // bytes
}

func invalid(format string, args ...any) error {
	return service.Errorf(abi.ErrInvalid, format, args...)
}

func (l Limits) key(key string) error {
	most := MaxKey
	if l.Key > 0 {
		most = l.Key
	}
	switch {
	case key == "":
		return invalid("a key is empty")
	case len(key) > most:
		return invalid("a key has %d bytes; %d is the most", len(key), most)
	}
	return text("a key", key, most)
}

func text(what, s string, most int) error {
	switch {
	case len(s) > most:
		return invalid("%s has %d bytes; %d is the most", what, len(s), most)
	case !utf8.ValidString(s):
		return invalid("%s is not UTF-8", what)
	case strings.IndexByte(s, 0) >= 0:
		return invalid("%s has a NUL byte", what)
	}
	return nil
}

func tooLarge(size int, most int64) error {
	return service.Errorf(abi.ErrTooLarge, "%d bytes; %d is the most", size, most)
}

func (r Get) checked(l Limits) (Request, error) {
	if err := l.key(r.Key); err != nil {
		return nil, err
	}
	if r.Offset < 0 || r.Length < 0 {
		return nil, invalid("the part is no part of an object")
	}
	if strings.ContainsFunc(r.ETag, notPrintable) {
		return nil, invalid("no object has such an etag")
	}
	return r, nil
}

func (r Head) checked(l Limits) (Request, error)   { return r, l.key(r.Key) }
func (r Delete) checked(l Limits) (Request, error) { return r, l.key(r.Key) }

func (r Copy) checked(l Limits) (Request, error) {
	if err := l.key(r.From); err != nil {
		return nil, err
	}
	return r, l.key(r.To)
}

func (r Put) checked(l Limits) (Request, error) {
	if err := l.key(r.Key); err != nil {
		return nil, err
	}
	if most := min(l.Object, MaxBody); int64(len(r.Body)) > most {
		return nil, tooLarge(len(r.Body), most)
	}
	if r.ContentType == "" {
		r.ContentType = "application/octet-stream"
	}
	if len(r.ContentType) > MaxContentType || !visible(r.ContentType) {
		return nil, invalid("the content type is too long, or not printable ASCII")
	}
	var err error
	r.Metadata, err = normal(r.Metadata)
	return r, err
}

func (r Start) checked(l Limits) (Request, error) {
	put, err := Put(r).checked(l)
	if err != nil {
		return nil, err
	}
	return Start(put.(Put)), nil
}

func (r Write) checked(l Limits) (Request, error) {
	if most := min(l.Object, MaxBody); int64(len(r.Bytes)) > most {
		return nil, tooLarge(len(r.Bytes), most)
	}
	return r, nil
}

func (r Finish) checked(l Limits) (Request, error) {
	_, err := Write(r).checked(l)
	return r, err
}

func (r Abort) checked(Limits) (Request, error) { return r, nil }

func (r List) checked(Limits) (Request, error) {
	for what, s := range map[string]string{"the prefix": r.Prefix, "the delimiter": r.Delimiter, "the start": r.After} {
		if err := text(what, s, MaxKey); err != nil {
			return nil, err
		}
	}
	if r.Limit <= 0 || r.Limit > MaxEntries {
		r.Limit = MaxEntries
	}
	return r, nil
}

func (r Presign) checked(l Limits) (Request, error) {
	if r.Lifetime < time.Second || r.Lifetime > MaxLifetime {
		return nil, invalid("a URL works for 1 second to 7 days")
	}
	return r, l.key(r.Key)
}

// normal is metadata with names in lower case and in order.
func normal(fields []Field) ([]Field, error) {
	size, out := 0, make([]Field, len(fields))
	for n, f := range fields {
		size += len(f.Name) + len(f.Value)
		if f.Name == "" || strings.ContainsFunc(f.Name, notToken) {
			return nil, invalid("the name of metadata %d is no token", n+1)
		}
		if !utf8.ValidString(f.Value) || strings.ContainsFunc(f.Value, control) {
			return nil, invalid("metadata %q is not UTF-8, or has control characters", f.Name)
		}
		out[n] = Field{strings.ToLower(f.Name), f.Value}
	}
	if size > MaxMetadata {
		return nil, service.Errorf(abi.ErrTooLarge, "%d bytes of metadata; %d is the most", size, MaxMetadata)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	for n := 1; n < len(out); n++ {
		if out[n].Name == out[n-1].Name {
			return nil, invalid("metadata %q is there twice", out[n].Name)
		}
	}
	return out, nil
}

func control(c rune) bool      { return c < ' ' || c == 0x7f }
func notPrintable(c rune) bool { return c < ' ' || c > '~' || c == '"' }

func notToken(c rune) bool {
	return c <= ' ' || c > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
}

// visible tells whether s can stand in a header as it is.
func visible(s string) bool {
	for n := range len(s) {
		if s[n] < ' ' || s[n] > '~' {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}
