package isolate

import (
	"errors"

	"github.com/edge-gateway/edge-gateway/abi"
)

// order is what a gateway tells a process. One field is set.
type order struct {
	Start    *start
	Shutdown bool // no request is inside
}

// start is the first order.
type start struct {
	Endpoint string
	Config   map[string]string
	Trial    bool
	Library  string // file, to be opened as it is
	Digest   string
	Go       bool
	Threads  int
	Limits   Limits
	Recorder bool // whether one is inherited
}

// news is what a process tells. One field is set, in this order.
type news struct {
	Opened  bool
	Started *started
	Failed  *failed
}

// started says that the process serves.
type started struct{ Bounds []string }

// failed says why it does not, and that it ends.
type failed struct {
	Kind int // of kinds, from 1 on; 0 for none
	Text string
}

// kinds are the errors that callers tell apart.
var kinds = []error{abi.ErrABI, abi.ErrInit, abi.ErrSymbol, abi.ErrNoExec, abi.ErrOpen, abi.ErrMemory}

// failure takes an error apart.
func failure(err error) *failed {
	for n, kind := range kinds {
		if errors.Is(err, kind) {
			return &failed{n + 1, err.Error()}
		}
	}
	return &failed{Text: err.Error()}
}

// err is one that failure took apart.
func (f *failed) err() error {
	if f.Kind < 1 || f.Kind > len(kinds) {
		return errors.New(f.Text)
	}
	return &kindError{kinds[f.Kind-1], f.Text}
}

// kindError is of a kind, and has a text that says so already.
type kindError struct {
	kind error
	text string
}

func (e *kindError) Error() string { return e.text }
func (e *kindError) Unwrap() error { return e.kind }
