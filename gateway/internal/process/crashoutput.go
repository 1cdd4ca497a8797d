package process

import (
	"bytes"
	"io"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
)

// outputMost is how much of what a runtime says of a crash is kept.
const outputMost = 64 << 10

// CrashOutput is what the runtime of a process says of a crash.
type CrashOutput struct {
	mu    sync.Mutex
	text  []byte
	ended chan struct{}
}

// NewCrashOutput is one of a process that has said nothing yet.
func NewCrashOutput() *CrashOutput { return &CrashOutput{ended: make(chan struct{})} }

// Follow reads until no more comes, and calls enough once when what matters has.
func (c *CrashOutput) Follow(from io.Reader, enough func()) {
	defer close(c.ended)
	chunk := make([]byte, 16<<10)
	called := false
	for {
		n, err := from.Read(chunk)
		c.mu.Lock()
		c.text = append(c.text, chunk[:min(n, outputMost-len(c.text))]...)
		whole := !called && (len(c.text) == outputMost || crash.Enough(c.text))
		c.mu.Unlock()
		if whole {
			called = true
			enough()
		}
		if err != nil {
			return
		}
	}
}

// Ended is closed when no more comes.
func (c *CrashOutput) Ended() <-chan struct{} { return c.ended }

// Bytes are the first 64 KiB of it so far.
func (c *CrashOutput) Bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.text)
}
