package trial

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// phase is what a child is about.
type phase string

const (
	preparing phase = ""
	loading   phase = "loading"  // constructors run
	starting  phase = "starting" // handler_info and handler_init run
	probing   phase = "probing"
	ending    phase = "ending" // handler_shutdown runs
)

// during is how a sentence goes on about a phase.
func (p phase) during(probe string) string {
	switch p {
	case loading:
		return "while it was loaded, in a constructor"
	case starting:
		return "in handler_init"
	case probing:
		return "while it answered the probe " + probe
	case ending:
		return "in handler_shutdown"
	}
	return "before the library was loaded"
}

// event is what a child tells; one of its fields is set.
type event struct {
	Phase   phase          `json:"phase,omitempty"`
	Log     *model.LogLine `json:"log,omitempty"`
	Answer  *Answer        `json:"answer,omitempty"`
	Refused string         `json:"refused,omitempty"` // why the library is not good enough; the last event
	Failed  string         `json:"failed,omitempty"`  // why the trial could not be done; the last event
	Done    bool           `json:"done,omitempty"`    // all went well; the last event
}

// last tells whether nothing follows.
func (e event) last() bool { return e.Done || e.Refused != "" || e.Failed != "" }

// eventLimit is the length of the longest line that is read: the child's
// memory is the library's to write to.
const eventLimit = 64 << 10

// reasonLimit is the length of a reason that a library can have a word in.
const reasonLimit = 4 << 10

// readEvents hands on what comes until there is no more, or none that makes
// sense.
func readEvents(from io.Reader, to chan<- event) {
	defer close(to)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, eventLimit)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			break
		}
		to <- e
	}
	_, _ = io.Copy(io.Discard, from) // nobody is kept waiting
}

// reporter is the child's end. It is safe for use from many goroutines.
type reporter struct {
	mu sync.Mutex
	to *os.File
}

func (r *reporter) tell(e event) {
	e.Refused, e.Failed = cut(e.Refused, reasonLimit), cut(e.Failed, reasonLimit)
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.to.Write(append(line, '\n'))
}
