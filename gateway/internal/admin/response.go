package admin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// response is an answer of which is known how far it has come. A client that
// takes too long for a piece of it is dropped: nothing is buffered for it.
type response struct {
	http.ResponseWriter
	timeout time.Duration
	control *http.ResponseController
	status  int   // 0 before the header is written
	failed  error // why it did not reach the client
}

func newResponse(w http.ResponseWriter, timeout time.Duration) *response {
	return &response{ResponseWriter: w, timeout: timeout, control: http.NewResponseController(w)}
}

// Unwrap lets deadlines through to the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status >= 200 {
		w.status = status
	}
	w.deadline()
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.deadline()
	n, err := w.ResponseWriter.Write(b)
	if err != nil {
		w.failed = err
	}
	return n, err
}

// FlushError sends what was written so far.
func (w *response) FlushError() error {
	w.deadline()
	err := w.control.Flush()
	if err != nil {
		w.failed = err
	}
	return err
}

func (w *response) deadline() {
	_ = w.control.SetWriteDeadline(time.Now().Add(w.timeout)) // a writer of a test has none
}

// problem answers with p.
func (w *response) problem(p *Problem) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // it has texts and numbers only
	}
	w.Header().Set("Content-Type", problemJSON)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	w.Write(body)
}
