package abi

import "unsafe"

// Result is the outcome of an operation, laid out for the library when the
// request that waits for it goes on.
type Result interface {
	// Space is how many bytes Place needs at most; see SpaceOf and SpaceFor.
	Space() int
	// Place puts the result struct and all it points to into the room, and
	// returns the address of the struct.
	Place(r *Room) uintptr
}

// Room is memory for a result: mapped, not the Go heap's. It belongs to the
// goroutine that places a result.
type Room struct{ free []byte }

const align = 8

// take cuts n bytes off. A Result that asked for too little space panics: a
// mistake of the host, which ends that operation.
func (r *Room) take(n int) []byte {
	n = (n + align - 1) &^ (align - 1)
	taken := r.free[:n:n]
	r.free = r.free[n:]
	return taken
}

// SpaceOf is the space of a list of n structs, or of one.
func SpaceOf[T any](n int) int {
	var v T
	return (n*int(unsafe.Sizeof(v)) + align - 1) &^ (align - 1)
}

// SpaceFor is the space of n bytes.
func SpaceFor(n int) int { return max(align, (n+align-1)&^(align-1)) }

// Place puts a struct into the room and returns its address.
func Place[T any](r *Room, v T) uintptr {
	address, list := MakeList[T](r, 1)
	list[0] = v
	return address
}

// PlaceList puts a list of structs, or of addresses, into the room and returns
// its address; 0 for an empty one. T is a mirror without pointers.
func PlaceList[T any](r *Room, v []T) uintptr {
	address, list := MakeList[T](r, len(v))
	copy(list, v)
	return address
}

// MakeList takes room for a list of n structs, to be filled in place; 0 and nil
// if n is 0. T is a mirror without pointers.
func MakeList[T any](r *Room, n int) (address uintptr, list []T) {
	if n == 0 {
		return 0, nil
	}
	room := r.take(SpaceOf[T](n))
	address = uintptr(unsafe.Pointer(unsafe.SliceData(room)))
	return address, unsafe.Slice(at[T](address), n)
}

// Bytes copies b into the room; nil stays absent.
func (r *Room) Bytes(b []byte) Bytes {
	if b == nil {
		return Bytes{}
	}
	room := r.take(SpaceFor(len(b)))
	copy(room, b)
	return Bytes{Ptr: uintptr(unsafe.Pointer(unsafe.SliceData(room))), Len: uint64(len(b))}
}

// Text copies s into the room. An empty one is there, too.
func (r *Room) Text(s string) Bytes {
	room := r.take(SpaceFor(len(s)))
	copy(room, s)
	return Bytes{Ptr: uintptr(unsafe.Pointer(unsafe.SliceData(room))), Len: uint64(len(s))}
}

// TextOrAbsent is Text, but for an empty text, which is absent.
func (r *Room) TextOrAbsent(s string) Bytes {
	if s == "" {
		return Bytes{}
	}
	return r.Text(s)
}

// StructSize is the struct_size of a mirror.
func StructSize[T any]() uint32 {
	var v T
	return uint32(unsafe.Sizeof(v))
}

// Failure is the result of an operation that failed: eg_problem.
type Failure struct {
	Message  string // a sentence, without secrets
	Code     string // the backend's own, such as an SQLSTATE
	Subject  string // what it is about, such as a constraint
	Position int    // of the part at fault in a list
}

// Space implements Result.
func (f *Failure) Space() int {
	return SpaceOf[Problem](1) + SpaceFor(len(f.Message)) + SpaceFor(len(f.Code)) + SpaceFor(len(f.Subject))
}

// Place implements Result.
func (f *Failure) Place(r *Room) uintptr {
	return Place(r, Problem{
		StructSize: StructSize[Problem](), Position: uint32(f.Position),
		Message: r.Text(f.Message), Code: r.TextOrAbsent(f.Code), Subject: r.TextOrAbsent(f.Subject),
	})
}
