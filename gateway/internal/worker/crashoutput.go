package worker

import (
	"bytes"
	"io"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
)

// outputMost is how much of what a runtime says of a crash is kept.
const outputMost = 64 << 10

// crashOutput is what the runtime of a worker says of a crash.
type crashOutput struct {
	mu    sync.Mutex
	text  []byte
	ended chan struct{} // no more comes
}

// follow reads until no more comes, and calls enough once when what matters has.
func (c *crashOutput) follow(from io.Reader, enough func()) {
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

func (c *crashOutput) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.text)
}
