package edge

import "time"

// Services is what the gateway does for a handler. Every method, and those of
// what they return, may be called from every goroutine, several at a time.
//
// A call blocks until its outcome is there or the request's deadline has come.
// In a handler library it holds a thread meanwhile, in a program that embeds the
// gateway a goroutine. The endpoint's max_native bounds how many requests are in
// their handlers at a time; goroutines that a handler starts come on top.
//
// SQL, Cache, Storage, Email and HTTP give the service that the endpoint's
// configuration lends it under that local name. [ErrDenied]: there is none; the
// first operation tells so of one that is of another kind. Asking costs little:
// there is no need to keep what they return. It serves as long as the request
// does, and one that an [Instance] gave as long as the instance.
//
// Errors of their operations are [*ServiceError], with a [Status] for errors.Is.
// Beside those that are named with it, every operation may end with
// [ErrInvalid], [ErrUnsupported], [ErrDeadline] (if it was sent, it may have
// happened), [ErrOverloaded] (nothing was done), [ErrUnavailable], [ErrRefused],
// [ErrTooLarge], [ErrClosing], [ErrStale] (the request has been answered) and
// [ErrInternal].
type Services interface {
	SQL(name string) (SQL, error)
	Cache(name string) (Cache, error)
	Storage(name string) (Storage, error)
	Email(name string) (Email, error)
	HTTP(name string) (HTTP, error)

	// Sleep returns nil after d, at once if d is not positive. It ends early
	// with [ErrDeadline], [ErrCanceled] or [ErrClosing] when the request is over
	// or the gateway is shutting down, and with [ErrStale] when the request has
	// been answered.
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
