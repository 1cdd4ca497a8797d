package storage

import (
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Field is one piece of metadata.
type Field struct{ Name, Value string }

// Object is an object, or a part of one.
type Object struct {
	Size        int64  // of the whole object
	Offset      int64  // of Body in it
	Body        []byte // with Get
	ETag        string // changes with the content; without quotes
	ContentType string
	Modified    time.Time // zero: the backend did not say
	Metadata    []Field   // by name, in lower case
}

// Entry is a line of a listing: an object, or the prefix of some.
type Entry struct {
	Key      string // or a prefix, its delimiter included
	Prefix   bool
	ETag     string
	Size     int64
	Modified time.Time
}

// Page is a part of a listing.
type Page struct {
	Entries []Entry // in the order of the bytes of their keys
	Next    string  // List.After of the next page; "" if this was the last one
}

// RollUp is the prefix that a key is listed under, if the list has a delimiter
// and the key has it behind the list's prefix.
func (l List) RollUp(key string) (prefix string, ok bool) {
	if l.Delimiter == "" || !strings.HasPrefix(key, l.Prefix) {
		return "", false
	}
	n := strings.Index(key[len(l.Prefix):], l.Delimiter)
	if n < 0 {
		return "", false
	}
	return key[:len(l.Prefix)+n+len(l.Delimiter)], true
}

// AfterPrefix tells whether the page before ended with a rolled up prefix, so
// that every key below it has been listed.
func (l List) AfterPrefix() bool {
	prefix, ok := l.RollUp(l.After)
	return ok && prefix == l.After
}

// Part is how many bytes Get brings of an object of some size, or why it does
// not. A part that starts right at the end is empty.
func (r Get) Part(size int64) (int64, error) {
	if r.Offset > size {
		return 0, &service.Error{Status: abi.ErrInvalid, Code: "range", Message: "the part starts behind the end of the object"}
	}
	n := size - r.Offset
	if r.Length > 0 {
		n = min(n, r.Length)
	}
	if n > MaxBody {
		return 0, service.Errorf(abi.ErrTooLarge, "%d bytes; read it in parts of up to %d", n, MaxBody)
	}
	return n, nil
}
