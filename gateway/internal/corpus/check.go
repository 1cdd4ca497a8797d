package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

const (
	parallel = 16
	patience = 5 * time.Second // with a server that neither answers nor closes
)

// Violation says what a server did with an entry that it must not do.
type Violation struct {
	Request Request
	What    string
}

func (v Violation) String() string { return fmt.Sprintf("%s: %s", v.Request.Name, v.What) }

// Check sends every entry to the server at addr and reports each violation.
// The server is one that routes every host, path and method to a handler;
// marker says how often handlers have run. Nobody else may use it meanwhile.
func Check(t testing.TB, addr string, marker func() int) {
	t.Helper()
	violations, err := Violations(addr, marker)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
}

// Violations does the work of [Check], in the order of the entries. The error
// is a server that does not serve a good request, or a marker that does not
// count it.
func Violations(addr string, marker func() int) ([]Violation, error) {
	before := marker()
	if err := control(addr); err != nil {
		return nil, err
	}
	if marker() != before+1 {
		return nil, fmt.Errorf("the marker went from %d to %d over one good request", before, marker())
	}
	before = marker()
	requests := Requests()
	faults := make([]string, len(requests))
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i, request := range requests {
		slots <- struct{}{}
		group.Go(func() {
			faults[i] = judge(send(addr, request))
			<-slots
		})
	}
	group.Wait()
	if marker() != before {
		blame(addr, marker, requests, faults)
	}
	if err := control(addr); err != nil {
		return nil, fmt.Errorf("after the corpus: %w", err)
	}
	var violations []Violation
	for i, fault := range faults {
		if fault != "" {
			violations = append(violations, Violation{requests[i], fault})
		}
	}
	return violations, nil
}

// blame finds the entries that reach a handler, one by one.
func blame(addr string, marker func() int, requests []Request, faults []string) {
	found := false
	for i, request := range requests {
		before := marker()
		send(addr, request)
		if n := marker() - before; n > 0 {
			found = true
			faults[i] = fmt.Sprintf("a handler ran %d times; %s", n, faults[i])
		}
	}
	if !found {
		faults[0] = "a handler ran for one of the entries, and for none when they came one by one; " + faults[0]
	}
}

func control(addr string) error {
	conn, err := rawclient.Dial(addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.Timeout = patience
	response, err := conn.Do([]byte(good))
	if err != nil {
		return fmt.Errorf("a good request: %w", err)
	}
	if response.Status != 200 {
		return fmt.Errorf("a good request is answered %d", response.Status)
	}
	return nil
}

// outcome is what came back for an entry.
type outcome struct {
	statuses []int // of final answers
	err      error // how it ended, nil for a close
}

// send writes an entry on a connection of its own, closes its side and reads
// until the server has closed too. A server that closes before it has read
// everything may reset the connection: that is a close.
func send(addr string, request Request) outcome {
	conn, err := rawclient.Dial(addr)
	if err != nil {
		return outcome{err: err}
	}
	defer conn.Close()
	conn.Timeout = patience
	if conn.Write(request.Bytes) == nil {
		conn.CloseWrite() // fails if the server has closed; the reads tell
	}
	method, _, _ := bytes.Cut(request.Bytes, []byte{' '})
	var o outcome
	for {
		response, err := conn.ReadResponse(string(method))
		if err == nil {
			o.statuses = append(o.statuses, response.Status)
			continue
		}
		closed := errors.Is(err, rawclient.ErrClosed) && errors.Is(err, io.EOF)
		if !closed && !errors.Is(err, syscall.ECONNRESET) {
			o.err = err
		}
		return o
	}
}

// judge names the violation in an outcome, "" if there is none.
func judge(o outcome) string {
	served := slices.ContainsFunc(o.statuses, func(status int) bool {
		return (status < 400 || status > 499) && status != 501 && status != 505
	})
	switch {
	case len(o.statuses) > 1:
		return fmt.Sprintf("answered more than once: %d", o.statuses)
	case served:
		return fmt.Sprintf("answered %d", o.statuses[0])
	case o.err != nil && len(o.statuses) == 0:
		return fmt.Sprintf("neither refused nor closed: %v", o.err)
	case o.err != nil:
		return fmt.Sprintf("answered %d, and then: %v", o.statuses[0], o.err)
	}
	return ""
}
