package abi

import (
	"reflect"
	"unsafe"
)

// shape tells where the struct of an operation's arguments refers to memory
// beside it, so that it can be copied without knowing what it means.
type shape struct {
	size  uintptr
	sized bool // it begins with its size, and may be shorter or longer than known here
	parts []part
}

// part is one reference in a struct, or list of structs.
type part struct {
	kind  partKind
	at    uintptr                    // offset in the struct
	count uintptr                    // offset of the number of elements, for lists
	most  uint64                     // elements that the service takes; more are not looked at
	of    *shape                     // of an element
	when  func(address uintptr) bool // whether the struct there means the part; nil: always
}

type partKind int

const (
	partBytes    partKind = iota // eg_bytes
	partList                     // address of structs, side by side
	partPointers                 // address of addresses of structs
	partTable                    // address of a service table; 0 for none
)

// width is how many bytes a part takes in its struct.
func (k partKind) width() uintptr {
	if k == partBytes {
		return unsafe.Sizeof(Bytes{})
	}
	return unsafe.Sizeof(uintptr(0))
}

// shapeOf is the shape of a mirror. References are found where they are Bytes;
// those that are addresses are told.
func shapeOf[T any](others ...func(reflect.Type) part) *shape {
	t := reflect.TypeFor[T]()
	s := &shape{size: t.Size()}
	if t == reflect.TypeFor[Bytes]() {
		s.parts = []part{{kind: partBytes}}
		return s
	}
	for n := range t.NumField() {
		switch f := t.Field(n); {
		case f.Type == reflect.TypeFor[Bytes]():
			s.parts = append(s.parts, part{kind: partBytes, at: f.Offset})
		case f.Name == "StructSize":
			s.sized = true
		}
	}
	for _, one := range others {
		s.parts = append(s.parts, one(t))
	}
	return s
}

func offsetOf(t reflect.Type, name string) uintptr {
	f, ok := t.FieldByName(name)
	if !ok {
		panic("abi: " + t.Name() + " has no field " + name)
	}
	return f.Offset
}

// list says that a field is the address of so many structs, of which the service
// takes most.
func list(field, count string, most uint64, of *shape) func(reflect.Type) part {
	return func(t reflect.Type) part {
		return part{kind: partList, at: offsetOf(t, field), count: offsetOf(t, count), most: most, of: of}
	}
}

// pointers says that a field is the address of so many addresses of structs.
func pointers(field, count string, most uint64, of *shape) func(reflect.Type) part {
	return func(t reflect.Type) part {
		return part{kind: partPointers, at: offsetOf(t, field), count: offsetOf(t, count), most: most, of: of}
	}
}

// table says that a field is the address of a service table.
func table(field string) func(reflect.Type) part {
	return func(t reflect.Type) part { return part{kind: partTable, at: offsetOf(t, field)} }
}

// mover copies a struct and all that it refers to. What it reads may be at any
// address, so it runs under guarded.
type mover struct {
	may   func(at uintptr, n uint64) error // whether memory may be read
	room  func(n uint64) (uintptr, error)
	bytes func(b Bytes) (Bytes, error)
	most  uint64 // bytes in one piece; more are not looked at
	table func(address uintptr) uintptr
	moved uint64 // bytes of structs so far
}

// one moves a struct that begins with its size; 0 stays 0.
func (m *mover) one(s *shape, from uintptr) (to uintptr, err error) {
	if from == 0 {
		return 0, nil
	}
	if err := m.may(from, 8); err != nil {
		return 0, err
	}
	size := *at[uint32](from)
	if size < 8 || size > maxArgs {
		return 0, nil // as if there were none
	}
	known := min(uintptr(size), s.size)
	if to, err = m.copy(from, uint64(known), uint64(s.size)); err != nil {
		return 0, err
	}
	*at[uint32](to) = uint32(known)
	return to, m.parts(s, to, known)
}

// copy copies n bytes, and makes those behind them zero up to a size.
func (m *mover) copy(from uintptr, n, size uint64) (to uintptr, err error) {
	if err := m.may(from, n); err != nil {
		return 0, err
	}
	if m.moved += size; m.moved > maxMoved {
		return 0, ErrArgs // the same structs, again and again
	}
	if to, err = m.room(size); err == nil {
		room := mapped(to, int(size))
		clear(room[copy(room, unsafe.Slice(at[byte](from), n)):])
	}
	return to, err
}

// parts moves what a copied struct, of so many bytes, refers to.
func (m *mover) parts(s *shape, to, known uintptr) error {
	for _, p := range s.parts {
		if p.at+p.kind.width() > known || p.count+8 > known {
			// An older library does not have it. A part of it may be there all the
			// same, if the size is a lie: an address, say, without its length.
			clear(mapped(to+p.at, int(p.kind.width())))
			continue
		}
		if err := m.part(p, to); err != nil {
			return err
		}
	}
	return nil
}

func (m *mover) part(p part, to uintptr) (err error) {
	field := at[uintptr](to + p.at)
	switch p.kind {
	case partBytes:
		b := at[Bytes](to + p.at)
		switch {
		case p.when != nil && !p.when(to):
			*b = Bytes{} // whatever is there
		case b.Len > m.most:
			b.Ptr = nowhere
		case b.Ptr != 0:
			*b, err = m.bytes(*b)
		}
		return err
	case partTable:
		*field = m.table(*field)
		return nil
	}
	count := *at[uint64](to + p.count)
	if *field == 0 || count == 0 {
		return nil
	}
	if count > p.most {
		*field = nowhere
		return nil
	}
	element := p.of.size
	if p.kind == partPointers {
		element = unsafe.Sizeof(uintptr(0))
	}
	moved, err := m.copy(*field, count*uint64(element), count*uint64(element))
	if err != nil {
		return err
	}
	*field = moved
	for n := range uintptr(count) {
		if p.kind == partList {
			err = m.parts(p.of, moved+n*element, element)
		} else {
			address := at[uintptr](moved + n*element)
			*address, err = m.one(p.of, *address)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// What is longer than any service takes is not looked at: the service is to
// refuse it, with a sentence, and what it may have to undo. nowhere is an address
// at which there is nothing to read.
const (
	maxMoved = 64 << 20 // bytes
	nowhere  = linkBase - 1<<20
)
