package cache

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Epoch tells the workers of a driver that the connections of a time are
// probably all dead, since one of them was found so: a restarted backend then
// costs one error, not one for each worker.
type Epoch struct{ n atomic.Uint64 }

// Now is the current epoch, to be remembered with a new connection.
func (e *Epoch) Now() uint64 { return e.n.Load() }

// Over ends the epoch of a connection that was found dead.
func (e *Epoch) Over(epoch uint64) { e.n.CompareAndSwap(epoch, epoch+1) }

// Idle is after how long without use a connection may have been given up by the
// other end. A request that cannot be repeated is then preceded by one that can,
// which finds that out.
const Idle = time.Second

// Dead tells whether err says that the other end of an open connection is gone;
// not that it is slow, or that it cannot be dialed.
func Dead(err error) bool {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op != "dial" && !op.Timeout()
}
