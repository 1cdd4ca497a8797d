package edge

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// PanicError is the error of code that panicked.
type PanicError struct {
	Value any    // what it panicked with
	Stack string // one line a frame, innermost first, at most 16
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack)
}

// Unwrap is the value when that is an error: those of the runtime are.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Recovered makes the error of a value that recover returned. Call it in the
// deferred function: the stack is that of the panic only there.
func Recovered(value any) *PanicError {
	return &PanicError{Value: value, Stack: panicStack()}
}

// panicStack shows the frames that an author can do something about: from the
// panic outwards, without the runtime's, and with file names for paths.
func panicStack() string {
	const most = 16
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	var lines []string
	for more := true; more && len(lines) < most; {
		var frame runtime.Frame
		frame, more = frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			lines = nil // what came before belongs to the recovery
		case frame.Function == "", strings.HasPrefix(frame.Function, "runtime."), strings.HasPrefix(frame.Function, "_cgo"):
		default:
			lines = append(lines, fmt.Sprintf("\tat %s (%s:%d)", frame.Function, filepath.Base(frame.File), frame.Line))
		}
	}
	return strings.Join(lines, "\n")
}
