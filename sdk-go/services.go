package edge

import "time"

// Services is what the gateway does for a handler. Every method may be called
// from every goroutine.
type Services interface {
	// Sleep returns nil after d, at once if d is not positive. It ends early
	// with [ErrDeadline], [ErrCanceled] or [ErrClosing] when the request is over
	// or the gateway is shutting down, and with [ErrStale] when the request has
	// been answered. It holds the calling thread.
	Sleep(d time.Duration) error

	// Config finds a config value of the endpoint.
	Config(name string) (value string, found bool)

	// Log writes a line to the gateway's log, with endpoint, version and
	// request id. Over 8 KiB is cut.
	Log(level Level, message string)
}

// Level says how much a line of the log matters.
type Level int32

const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)
