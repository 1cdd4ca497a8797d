package rawclient

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load sends requests over several kept connections, one after the other on
// each.
type Load struct {
	Addr  string
	Conns int // default 1

	// Requests is how many are sent over all connections; 0 means until the
	// context of Run ends.
	Requests int

	// Request gives the bytes to send: the i-th request, from 0, of a
	// connection slot. Called from that slot's goroutine.
	Request func(conn, i int) []byte

	// Check, if there is one, makes an answer a failure. From many goroutines.
	Check func(*Response) error

	// Think is the pause between an answer and the next request.
	Think time.Duration

	// Timeout of a write and of an answer; default [DefaultTimeout].
	Timeout time.Duration

	// StopWhenRefused ends a slot when it cannot connect, as a load over the
	// end of a server wants it. Otherwise it tries again every 5 ms.
	StopWhenRefused bool
}

// maxErrors is how many errors a Result keeps.
const maxErrors = 20

// Result is what became of a load.
type Result struct {
	OK     int // whole answers that Check let pass
	Failed int // requests of which a byte may have been written, without such an answer

	// Refused counts connections that could not be made. No request is lost
	// with them: none was written.
	Refused int

	Dials     int             // connections made
	ByStatus  map[int]int     // whole answers
	Errors    []error         // the first 20, of Failed and Refused
	Latencies []time.Duration // of whole answers, from the first byte written to the last read; ascending
}

// Percentile returns the latency that p percent of the answers kept, 0
// without answers.
func (r *Result) Percentile(p float64) time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	i := int(p / 100 * float64(len(r.Latencies)))
	return r.Latencies[min(max(i, 0), len(r.Latencies)-1)]
}

func (r *Result) String() string {
	return fmt.Sprintf("%d ok, %d failed, %d connections refused, statuses %v, errors %v",
		r.OK, r.Failed, r.Refused, r.ByStatus, r.Errors)
}

func (r *Result) note(err error) {
	if len(r.Errors) < maxErrors {
		r.Errors = append(r.Errors, err)
	}
}

func (r *Result) add(other *Result) {
	r.OK += other.OK
	r.Failed += other.Failed
	r.Refused += other.Refused
	r.Dials += other.Dials
	for status, n := range other.ByStatus {
		r.ByStatus[status] += n
	}
	for _, err := range other.Errors {
		r.note(err)
	}
	r.Latencies = append(r.Latencies, other.Latencies...)
}

// Run sends the load and returns when all of it is answered or has failed. At
// the end of the context no further request is written; those under way are
// waited for.
func (l Load) Run(ctx context.Context) *Result {
	var taken atomic.Int64
	take := func() bool {
		return ctx.Err() == nil && (l.Requests == 0 || taken.Add(1) <= int64(l.Requests))
	}
	results := make([]Result, max(l.Conns, 1))
	var slots sync.WaitGroup
	for i := range results {
		slots.Go(func() {
			s := slot{load: &l, index: i, result: &results[i]}
			s.run(ctx, take)
		})
	}
	slots.Wait()
	total := &Result{ByStatus: make(map[int]int)}
	for i := range results {
		total.add(&results[i])
	}
	slices.Sort(total.Latencies)
	return total
}

// slot is one connection after the other, never two at a time.
type slot struct {
	load   *Load
	index  int
	result *Result
	conn   *Conn
}

func (s *slot) run(ctx context.Context, take func() bool) {
	s.result.ByStatus = make(map[int]int)
	defer s.drop()
	for i := 0; ; i++ {
		if i > 0 && !pause(ctx, s.load.Think) {
			return
		}
		// Connect first: a request is taken when it can be written.
		if !s.connect(ctx) || !take() {
			return
		}
		s.send(s.load.Request(s.index, i))
	}
}

// connect makes sure that there is a connection to write the next request on.
func (s *slot) connect(ctx context.Context) bool {
	for s.conn == nil {
		conn, err := Dial(s.load.Addr)
		if err == nil {
			if s.load.Timeout > 0 {
				conn.Timeout = s.load.Timeout
			}
			s.conn = conn
			s.result.Dials++
			break
		}
		s.result.Refused++
		s.result.note(err)
		if s.load.StopWhenRefused || !pause(ctx, 5*time.Millisecond) {
			return false
		}
	}
	return true
}

// send writes one request, once, and records what became of it.
func (s *slot) send(request []byte) {
	start := time.Now()
	response, err := s.conn.Do(request)
	if err == nil {
		s.result.Latencies = append(s.result.Latencies, time.Since(start))
		s.result.ByStatus[response.Status]++
	}
	if err != nil || response.Close {
		s.drop()
	}
	if err == nil && s.load.Check != nil {
		err = s.load.Check(response)
	}
	if err != nil {
		s.result.Failed++
		s.result.note(fmt.Errorf("connection %d: %w", s.index, err))
		return
	}
	s.result.OK++
}

func (s *slot) drop() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// pause waits, and reports whether the context still runs.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// WantStatus makes a Check that accepts one status.
func WantStatus(status int) func(*Response) error {
	return func(r *Response) error {
		if r.Status != status {
			return fmt.Errorf("answered %d, not %d", r.Status, status)
		}
		return nil
	}
}
