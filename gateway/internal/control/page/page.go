// Package page cuts lists into parts. A cursor holds the key of the last item
// that was given, not a position: what is added or removed meanwhile neither
// repeats an item nor hides one.
package page

import (
	"encoding/base64"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Most is how many items a page may have.
const Most = 1000

const usual = 100

// Limit is how many items a page has at most.
func Limit(p model.Page) (int, error) {
	switch {
	case p.Limit == 0:
		return usual, nil
	case p.Limit < 0 || p.Limit > Most:
		return 0, model.Errorf(model.Invalid, "a page has 1 to %d items, not %d", Most, p.Limit).At("limit")
	}
	return p.Limit, nil
}

// Next is the cursor behind an item of a list.
func Next(list, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "\x00" + key))
}

// After is the key of the item before the page; "" for the list's beginning.
// The cursor of another list is refused, as is one that Next did not make.
func After(list string, p model.Page) (key string, err error) {
	if p.After == "" {
		return "", nil
	}
	// Strict: there is one way only to write a cursor.
	text, err := base64.RawURLEncoding.Strict().DecodeString(p.After)
	key, found := strings.CutPrefix(string(text), list+"\x00")
	if err != nil || !found || key == "" || Next(list, key) != p.After {
		return "", refused(list)
	}
	return key, nil
}

func refused(list string) error {
	return model.Errorf(model.Invalid, "this is no cursor of the list of %s; give what the list said as next, as it is", list).At("after")
}

// Cut takes a page out of a whole list that is ordered by key.
func Cut[T any](items []T, list string, p model.Page, key func(T) string) (model.List[T], error) {
	limit, err := Limit(p)
	if err != nil {
		return model.List[T]{}, err
	}
	after, err := After(list, p)
	if err != nil {
		return model.List[T]{}, err
	}
	begin := 0
	for after != "" && begin < len(items) && key(items[begin]) <= after {
		begin++
	}
	return List(items[begin:], list, limit, key), nil
}

// List makes a page of items that are at least one more than limit, if there
// are that many.
func List[T any](items []T, list string, limit int, key func(T) string) model.List[T] {
	l := model.List[T]{Items: items}
	if len(items) > limit {
		l.Items = items[:limit]
		l.Next = Next(list, key(items[limit-1]))
	}
	if l.Items == nil {
		l.Items = []T{}
	}
	return l
}
