package abi

import (
	"errors"
	"os"
)

// Link is memory that a gateway shares with the process of one isolated
// handler, mapped at the same address in both, so that a request is laid out in
// it once and every pointer inside means the same on both sides.
//
// The gateway's side is made by NewLink and used through a [Remote]; the other
// side is opened by OpenLink and used through a [Guest].
type Link struct {
	memory, bell *os.File
}

// Errors of links that callers tell apart.
var (
	// ErrNoLink says that the system has no memory to share this way.
	ErrNoLink = errors.New("this system cannot run a handler in a process of its own")
	// ErrGone says that the process at the other end has ended.
	ErrGone = errors.New("the handler's process has ended")
)

// Lost is what a request is completed with whose process has ended: the client
// gets 502. No library ever sees it.
const Lost Status = -1000

// NewLink makes a link. limit bounds the bytes of blocks that each side may have
// in use together; requests that fit a frame need none.
func NewLink(limit int64) (*Link, error) { panic("not written") }

// Files are what the other process has to inherit, in the order of OpenLink.
func (l *Link) Files() (memory, bell *os.File) { return l.memory, l.bell }

// OpenLink is the other side's end. It takes the files.
func OpenLink(memory, bell *os.File) (*Link, error) { panic("not written") }

// Close gives the memory up. Nothing may use it any more: on the gateway's side
// after Ended, with no request left that Release was not called for.
func (l *Link) Close() error { panic("not written") }
