package registry

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// Module is loaded handler code. A library in this process is one; a Go
// function of the embedding program is another.
//
// Enter, Resume, Release and Operations are called for a frame by the one
// goroutine that owns it, for many frames at once. Shutdown and Unload are
// called once each, in this order, after the last request.
type Module interface {
	Enter(f *abi.Frame) abi.Status
	Resume(f *abi.Frame, reason abi.Status) abi.Status
	// Operations starts what an entry that returned EG_AWAIT asked for.
	Operations(f *abi.Frame, deadline time.Time) (*abi.Operations, error)
	// Release gives the memory of the answer back to the handler.
	Release(f *abi.Frame)
	// Cancel tells the handler that nobody waits for a request any more. From
	// any goroutine.
	Cancel(token uint64)
	Shutdown()
	// Unload tells whether the code is gone from the process.
	Unload() (gone bool, err error)
}
