package worker

import (
	"encoding/gob"
	"errors"
	"log/slog"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// order is what control tells a worker. The first one is Start; those with an
// ID are answered by news with the same. One field beside the ID is set.
type order struct {
	ID     uint64
	Start  *settings
	Apply  *gateway.Snapshot
	Report bool
	Test   *gateway.Service
	Cancel bool          // the order of the ID is given up; it is answered all the same
	Accept bool          // from here on
	Drain  time.Duration // stop accepting, and exit when all is done, or after this
	Cut    bool          // exit, and give up what is in flight
}

// settings are what a worker needs to know before anything else. Those that a
// gateway has too are called the same there.
type settings struct {
	Dir                                               string
	HeaderLimit                                       int
	ReadTimeout, WriteTimeout, IdleTimeout, IdleGrace time.Duration
	MaxConnections, MaxNative                         int
	MaxAnswer, MaxMemory                              int64
	Memory, HardMemory                                int64
	Wear                                              gateway.Wear

	Listeners    int // inherited
	Text         bool
	AccessLog    bool
	DrainTimeout time.Duration
	Recorder     bool // whether one is inherited
}

func settingsOf(o Options, recorder bool) *settings {
	g := o.Gateway
	return &settings{
		Dir: g.Dir, HeaderLimit: g.HeaderLimit,
		ReadTimeout: g.ReadTimeout, WriteTimeout: g.WriteTimeout, IdleTimeout: g.IdleTimeout, IdleGrace: g.IdleGrace,
		MaxConnections: g.MaxConnections, MaxNative: g.MaxNative, MaxAnswer: g.MaxAnswer, MaxMemory: g.MaxMemory,
		Memory: g.Memory, HardMemory: g.HardMemory, Wear: g.Wear,
		Listeners: len(o.Listeners), Text: o.Text, AccessLog: o.AccessLog, DrainTimeout: o.DrainTimeout,
		Recorder: recorder,
	}
}

func (s *settings) gateway(log *slog.Logger, recorder *abi.Recorder) gateway.Options {
	o := gateway.Options{
		Dir: s.Dir, Shared: true, Log: log, Recorder: recorder, HeaderLimit: s.HeaderLimit,
		ReadTimeout: s.ReadTimeout, WriteTimeout: s.WriteTimeout, IdleTimeout: s.IdleTimeout, IdleGrace: s.IdleGrace,
		MaxConnections: s.MaxConnections, MaxNative: s.MaxNative, MaxAnswer: s.MaxAnswer, MaxMemory: s.MaxMemory,
		Memory: s.Memory, HardMemory: s.HardMemory, Wear: s.Wear,
	}
	if s.AccessLog {
		o.Access = log
	}
	return o
}

// news is what a worker tells control: an answer if it has an ID, else an event.
type news struct {
	ID     uint64
	Report *gateway.Report
	Faults map[string]string // of services, in a report: errors have no wire form
	Took   time.Duration
	Errors []wireError

	Loading *Library // it may not get back from loading or starting this
	Loaded  bool     // it did
	Worn    string   // why it is better replaced
	Drained *drained // it exits now; the report is the last one
	Why     string   // it exits now, and cannot help it

	Ended *gateway.ProcessExit // a process of an isolated endpoint has
}

// drained is how a drain went.
type drained struct{ Errors []wireError }

func init() {
	// What options of services are made of, beside what gob knows.
	gob.Register(config.Hidden(""))
	gob.Register(time.Duration(0))
	gob.Register([]string(nil))
}

// wireError is an error that callers tell apart, with the text of the rest.
type wireError struct {
	Endpoint, Service string
	Closed, GoFull    bool
	Text              string
}

// wireErrors takes an error apart.
func wireErrors(err error) (all []wireError) {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			all = append(all, wireErrors(one)...)
		}
		return all
	}
	var endpoint *gateway.EndpointError
	var service *gateway.ServiceError
	switch {
	case errors.As(err, &endpoint):
		return []wireError{{Endpoint: endpoint.Endpoint, GoFull: errors.Is(err, abi.ErrGoFull), Text: endpoint.Err.Error()}}
	case errors.As(err, &service):
		return []wireError{{Service: service.Service, Text: service.Err.Error()}}
	}
	return []wireError{{Closed: errors.Is(err, gateway.ErrClosed), Text: err.Error()}}
}

// join puts together what wireErrors took apart.
func join(all []wireError) error {
	var errs []error
	for _, one := range all {
		switch {
		case one.Endpoint != "":
			because := errors.New(one.Text)
			if one.GoFull {
				because = goFull(one.Text)
			}
			errs = append(errs, &gateway.EndpointError{Endpoint: one.Endpoint, Err: because})
		case one.Service != "":
			errs = append(errs, &gateway.ServiceError{Service: one.Service, Err: errors.New(one.Text)})
		case one.Closed:
			errs = append(errs, gateway.ErrClosed)
		default:
			errs = append(errs, errors.New(one.Text))
		}
	}
	if len(errs) == 1 {
		return errs[0] // and no list of one
	}
	return errors.Join(errs...)
}

// goFull is what is left of [abi.ErrGoFull] on the way.
type goFull string

func (e goFull) Error() string        { return string(e) }
func (e goFull) Is(target error) bool { return target == abi.ErrGoFull }

// reported is a report on its way to control.
func reported(r gateway.Report) news {
	n := news{Report: &r, Faults: map[string]string{}}
	for i := range r.Services {
		if fault := r.Services[i].Fault; fault != nil {
			n.Faults[r.Services[i].Name] = fault.Error()
			r.Services[i].Fault = nil
		}
	}
	return n
}

// report is one that has come.
func (n news) report() gateway.Report {
	for i := range n.Report.Services {
		if text, ok := n.Faults[n.Report.Services[i].Name]; ok {
			n.Report.Services[i].Fault = errors.New(text)
		}
	}
	return *n.Report
}
