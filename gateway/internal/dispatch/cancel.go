package dispatch

import (
	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// cancel has a handler told, elsewhere, that nobody waits for a request any
// more. The caller holds a guard of the instance.
func (d *Dispatcher) cancel(e *registry.Endpoint, i *registry.Instance, token uint64) {
	i.Hold()
	start, ok := i.Cancels.Add(token)
	if !ok {
		i.Let()
	}
	if start {
		go d.runCancels(e, i)
	}
}

// runCancels tells the handler until there is nothing left to tell. In native
// code that does not return it stays, for good, and is counted: so few are there
// for each instance that nothing else suffers, and one that spins is slowed
// down.
func (d *Dispatcher) runCancels(e *registry.Endpoint, i *registry.Instance) {
	thread := &lateThread{} // from its beginning: nobody waits
	d.spinning.add(thread, i.Module)
	defer thread.end()
	for {
		token, ok := i.Cancels.Next()
		if !ok {
			return
		}
		e.Canceling.Add(1)
		thread.enter(abi.CurrentThread())
		i.Module.Cancel(token)
		thread.leave()
		e.Canceling.Add(-1)
		i.Let()
	}
}
