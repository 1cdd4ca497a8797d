package abi

import "time"

// RemoteOptions are those of a Remote. Memory and Host are required.
type RemoteOptions struct {
	Memory *Memory // of the gateway's frames
	Host   Host    // what the handler asks for; Service may be called from any goroutine
}

// Remote is the gateway's end of a link: an instance in another process, as
// dispatch sees it. Its methods are safe for use from many goroutines.
type Remote struct{ link *Link }

// NewRemote makes the gateway's end. Run has to be running for it to be of use.
func NewRemote(l *Link, o RemoteOptions) *Remote { panic("not written") }

// Run takes what the other process says, until Ended.
func (r *Remote) Run() { panic("not written") }

// Ended says that the process is gone. Every request that it had is completed
// with Lost, their number is returned, and Run returns. The process must not
// write any more.
func (r *Remote) Ended() (lost int) { panic("not written") }

// Enter hands a request to the process: Pending, and the frame is completed as
// if by the handler; [ErrGone] if the process has ended meanwhile, and nothing
// has happened; any other error is the request's.
func (r *Remote) Enter(f *Frame) (Status, error) { panic("not written") }

// Release gives back what the answer of a request lies in.
func (r *Remote) Release(f *Frame) { panic("not written") }

// Cancel tells the handler that nobody waits for a request any more.
func (r *Remote) Cancel(token uint64) { panic("not written") }

// Overdue counts the calls that are inside the handler's native code although
// their deadline, plus grace, is past: they hang. Suspended ones do not count.
func (r *Remote) Overdue(now time.Time, grace time.Duration) int { panic("not written") }

// Lose completes a request that no process has got, as Ended does; for who holds
// requests back while there is none.
func (f *Frame) Lose(token uint64, with Status) { panic("not written") }
