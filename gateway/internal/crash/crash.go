// Package crash tells from what a worker left behind who ended it, and decides
// who has done so too often.
//
// There are three witnesses: what Go's runtime wrote while it ended, the flight
// recorder, and the status of the process. None of them need be there, and the
// handler that ended the process may have written over the first two.
package crash

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Death is the end of a worker, or of the process of an isolated endpoint, and
// what it left behind.
type Death struct {
	At       time.Time
	Status   string // as the system tells it: "exit status 2"
	Why      string // it had to end, in the gateway's own words; "" if it just did
	Output   []byte // what the runtime wrote, or its beginning
	Printed  []byte // what was printed of the reason, by the runtime or by a handler's
	Recorded abi.Recorded

	// Of the process of an isolated endpoint: whose it was.
	Endpoint, Version string // Endpoint is "" for a worker
	Hung              bool   // it was killed, since calls did not return
	Outside           bool   // it was killed, and neither by the gateway nor for its memory
	Lost              int    // requests, that which ended it among them
}

// Examine tells what happened. library finds the file of a version; it is asked
// for digests that may be wrong.
func Examine(d Death, library func(version string) (path string, ok bool)) model.Crash {
	e := examination{
		Death: d, dump: parse(d.Output, d.Printed), library: library, codes: map[string]code{},
		crash: model.Crash{At: d.At.UTC(), Status: d.Status},
	}
	e.findFault()
	e.tellWhat()
	if e.isolated() {
		e.blameOwner()
	} else {
		e.blame()
	}
	e.tellWhere()
	e.tellRequest()
	return e.crash
}

type examination struct {
	Death
	dump    dump
	fault   *abi.RecordedFault // that ended the process, if it was recorded
	library func(version string) (string, bool)
	codes   map[string]code // by version
	guilty  *abi.RecordedLibrary
	crash   model.Crash
}

// findFault finds the fault that was the end among those recorded: others were
// recovered from.
func (e *examination) findFault() {
	for i := len(e.Recorded.Faults) - 1; i >= 0; i-- {
		f := &e.Recorded.Faults[i]
		switch {
		case e.dump.signal != "":
			if f.PC != e.dump.pc {
				continue
			}
		case f.Signal == 0:
			if !strings.HasPrefix(e.Status, "exit status") || e.dump.own != "" {
				continue
			}
		case !strings.HasPrefix(e.Status, "signal: "+syscall.Signal(f.Signal).String()):
			continue
		}
		e.fault = f
		return
	}
}

func (e *examination) tellWhat() {
	switch {
	case e.Why != "":
		e.crash.What = e.Why
	case e.Hung:
		e.crash.What = "calls did not return"
	case e.Outside:
		e.crash.What = "somebody killed it (" + e.Status + ")"
	case e.dump.signal != "":
		e.crash.What = e.dump.signal
		if strings.HasPrefix(e.dump.signal, "SIGSEGV") || strings.HasPrefix(e.dump.signal, "SIGBUS") {
			e.crash.What += fmt.Sprintf(" at address 0x%x", e.dump.address)
		}
		e.tellWhy(strings.HasPrefix(e.dump.signal, "SIGABRT"))
	case e.dump.own != "":
		e.crash.What = printable(e.dump.own)
	case e.fault != nil && e.fault.Signal == 0:
		e.crash.What = "exit() was called"
		if code, ok := strings.CutPrefix(e.Status, "exit status "); ok {
			e.crash.What = "exit(" + code + ") was called"
		}
	case e.fault != nil:
		e.crash.What = syscall.Signal(e.fault.Signal).String()
		if e.fault.Signal == int(syscall.SIGSEGV) {
			e.crash.What += fmt.Sprintf(" at address 0x%x", e.fault.Address)
		}
		e.crash.What += ", on a thread of a handler"
		e.tellWhy(e.fault.Signal == int(syscall.SIGABRT))
	default:
		e.crash.What = e.Status + ", without a word"
	}
	e.crash.Registers = e.dump.registers
	if e.fault != nil && len(e.fault.Registers) > 0 {
		e.crash.Registers = nil
		for _, r := range e.fault.Registers {
			e.crash.Registers = append(e.crash.Registers, fmt.Sprintf("%s 0x%x", r.Name, r.Value))
		}
	}
}

// tellWhy adds what was printed before an abort, which is no end by itself.
func (e *examination) tellWhy(aborted bool) {
	if first, _, _ := bytes.Cut(e.Printed, []byte("\n")); aborted && len(first) > 0 {
		e.crash.What += " (" + printable(string(first)) + ")"
	}
}

func (e *examination) isolated() bool { return e.Endpoint != "" }

// blameOwner is for a process that only one version used.
func (e *examination) blameOwner() {
	e.scanStack()
	e.crash.Isolated, e.crash.Hung, e.crash.Outside = true, e.Hung, e.Outside
	e.crash.Endpoint, e.crash.Version, e.crash.Evidence = e.Endpoint, e.Version, "process"
	i := slices.IndexFunc(e.Recorded.Libraries, func(l abi.RecordedLibrary) bool { return l.Version == e.Version })
	if i >= 0 {
		e.guilty = &e.Recorded.Libraries[i]
	}
}

// blame finds the library that is to blame, by the best evidence that there is.
func (e *examination) blame() {
	e.scanStack()
	switch {
	case e.found(e.at(e.pc()), "address"):
	case e.found(e.firstOf(e.dump.called), "call"), e.found(e.inFrame(), "call"):
	case e.dump.loading && e.found(e.onlyIn(abi.InConstructor), "loading"):
	case e.fault != nil && e.found(e.onStack(), "stack"):
	case e.Why == "" && (e.dump.signal != "" || e.dump.isOwn() || e.orderedFromOutside()):
		// A fault of the gateway's own, or of nobody: suspecting who happened
		// to be at work would be unfair.
	default:
		e.suspect()
	}
}

// orderedFromOutside tells of signals that no mistake of a handler brings
// about.
func (e *examination) orderedFromOutside() bool {
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if strings.HasPrefix(e.Status, "signal: "+s.String()) {
			return true
		}
	}
	return false
}

func (e *examination) pc() uint64 {
	if e.dump.signal == "" && e.fault != nil {
		return e.fault.PC
	}
	return e.dump.pc
}

func (e *examination) found(l *abi.RecordedLibrary, evidence string) bool {
	if l == nil {
		return false
	}
	e.guilty = l
	e.crash.Endpoint, e.crash.Version, e.crash.Evidence = l.Endpoint, l.Version, evidence
	return true
}

// at finds the library in which an address lies.
func (e *examination) at(address uint64) *abi.RecordedLibrary {
	for i := range e.Recorded.Libraries {
		if l := &e.Recorded.Libraries[i]; address >= l.Lo && address < l.Hi {
			return l
		}
	}
	return nil
}

func (e *examination) firstOf(addresses []uint64) *abi.RecordedLibrary {
	for _, a := range addresses {
		if l := e.at(a); l != nil {
			return l
		}
	}
	return nil
}

// onStack finds the library whose code is on the stack. What earlier calls on the
// thread have left there may come before what is of the one under way, so a
// library that is in a call comes before one that is in none.
func (e *examination) onStack() *abi.RecordedLibrary {
	addresses := e.code()
	for _, a := range addresses {
		l := e.at(a)
		if slices.ContainsFunc(e.Recorded.Calls, func(c abi.RecordedCall) bool { return c.Library == l.Number && c.Activity != abi.InWait }) {
			return l
		}
	}
	return e.firstOf(addresses)
}

func (e *examination) number(n uint64) *abi.RecordedLibrary {
	i := slices.IndexFunc(e.Recorded.Libraries, func(l abi.RecordedLibrary) bool { return l.Number == n })
	if i < 0 {
		return nil
	}
	return &e.Recorded.Libraries[i]
}

// inFrame finds the library that was called with the frame of the goroutine at
// fault, wherever that call has led.
func (e *examination) inFrame() *abi.RecordedLibrary {
	for _, c := range e.Recorded.Calls {
		if c.Frame != 0 && c.Activity != abi.InWait && slices.Contains(e.dump.frames, c.Frame) {
			return e.number(c.Library)
		}
	}
	return nil
}

// onlyIn finds the library that alone is at something.
func (e *examination) onlyIn(a abi.Activity) (only *abi.RecordedLibrary) {
	for _, c := range e.Recorded.Calls {
		if c.Activity != a {
			continue
		}
		if only != nil && only.Number != c.Library {
			return nil
		}
		only = e.number(c.Library)
	}
	return only
}

// code are the words of the stack that are addresses of code of libraries.
func (e *examination) code() (addresses []uint64) {
	if e.fault == nil {
		return nil
	}
	for _, word := range e.fault.Stack {
		if l := e.at(word); l != nil && e.codeOf(l).isCode(word-l.Lo) {
			addresses = append(addresses, word)
		}
	}
	return addresses
}

func (e *examination) codeOf(l *abi.RecordedLibrary) code {
	c, known := e.codes[l.Version]
	if !known {
		if path, ok := e.library(l.Version); ok {
			c = readCode(path)
		}
		e.codes[l.Version] = c
	}
	return c
}

func (e *examination) scanStack() {
	const most = 16
	for _, address := range e.code() {
		if l := e.at(address); len(e.crash.Frames) < most {
			e.crash.Frames = append(e.crash.Frames, fmt.Sprintf("%s of endpoint %s", e.codeOf(l).caller(address-l.Lo), l.Endpoint))
		}
	}
}

// suspect blames the only version with work under way, or lists them.
func (e *examination) suspect() {
	var first *abi.RecordedLibrary
	for _, c := range e.Recorded.Calls {
		l := e.number(c.Library)
		if l == nil {
			continue
		}
		s := model.CrashSuspect{Endpoint: l.Endpoint, Version: l.Version}
		if !slices.Contains(e.crash.Suspects, s) {
			e.crash.Suspects = append(e.crash.Suspects, s)
			first = l
		}
	}
	if len(e.crash.Suspects) == 1 {
		e.crash.Suspects = nil
		e.found(first, "alone")
	}
}

func (e *examination) tellWhere() {
	if e.guilty == nil {
		return
	}
	pc := e.pc()
	if l := e.at(pc); l == nil || l.Number != e.guilty.Number {
		// Somewhere in the C library; who called it is on the stack.
		i := slices.IndexFunc(e.code(), func(a uint64) bool { return e.at(a).Number == e.guilty.Number })
		if i < 0 {
			return
		}
		e.crash.Where = e.codeOf(e.guilty).caller(e.code()[i] - e.guilty.Lo)
		return
	}
	e.crash.Where = e.codeOf(e.guilty).name(pc - e.guilty.Lo)
}

// tellRequest finds the request that the guilty was at: by its frame, which the
// trace of the goroutine shows, or if there is only one.
func (e *examination) tellRequest() {
	var candidates []abi.RecordedCall
	requests := 0
	for _, c := range e.Recorded.Calls {
		if c.Frame != 0 {
			requests++
		}
		if e.guilty != nil && c.Library == e.guilty.Number {
			candidates = append(candidates, c)
		}
	}
	is := func(c abi.RecordedCall) bool { return c.Frame != 0 && slices.Contains(e.dump.frames, c.Frame) }
	if i := slices.IndexFunc(candidates, is); i >= 0 {
		candidates = candidates[i : i+1]
	}
	if len(candidates) == 1 {
		c := candidates[0]
		e.crash.State = c.Activity.String()
		if c.Frame != 0 {
			e.crash.Request = &model.CrashRequest{ID: c.ID, Method: c.Method, Path: c.Path, Came: c.Since.UTC()}
			requests--
		}
	}
	if e.isolated() { // the gateway knows, also of those that had not reached the process
		requests = max(0, e.Lost)
		if e.crash.Request != nil {
			requests = max(0, requests-1)
		}
	}
	e.crash.Lost = requests
}
