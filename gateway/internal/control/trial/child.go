package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// mark is the variable that makes a process a child.
const mark = "EDGE_GATEWAY_TRIAL"

// ready is set by Main: without it a child would be the whole program again,
// and start children of its own.
var ready bool

// Main is what a program that uses [Run] calls before anything else. In a child
// it does the trial and does not return.
func Main() {
	if os.Getenv(mark) == "" {
		ready = true
		return
	}
	_ = os.Unsetenv(mark)
	in, out, err := takeStandard()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	report := &reporter{to: out}
	report.tell(child(in, report))
	os.Exit(0)
}

// child does what it is told to on in, and returns its last event.
func child(in *os.File, report *reporter) (last event) {
	defer func() {
		if p := recover(); p != nil {
			last = event{Failed: fmt.Sprintf("a fault in the gateway: %v\n%s", p, debug.Stack())}
		}
	}()
	var r Request
	orders := json.NewDecoder(in)
	if err := orders.Decode(&r); err != nil {
		return event{Failed: fmt.Sprintf("read what to try: %v", err)}
	}
	go func() {
		_, _ = io.Copy(io.Discard, in) // ends when the parent does
		killGroup()
	}()
	restrain()
	return try(context.Background(), r, report)
}

// try does the trial.
func try(ctx context.Context, r Request, report *reporter) event {
	data, err := filepath.Abs(filepath.Join("..", "data"))
	if err != nil {
		return event{Failed: err.Error()}
	}
	g, err := gateway.New(gateway.Options{Dir: data, Log: slog.New(&logHandler{report: report}), Trial: true, IdleGrace: time.Millisecond})
	if err != nil {
		return event{Failed: err.Error()}
	}
	if err := g.Apply(ctx, snapshotOf(r)); err != nil {
		var fault *gateway.EndpointError
		if errors.As(err, &fault) {
			err = fault.Err
		}
		return event{Refused: err.Error() + withoutServices(g)}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return event{Failed: fmt.Sprintf("listen for the probe: %v", err)}
	}
	go func() { _ = g.Serve(ln) }()
	if r.Endpoint.Probe != nil {
		report.tell(event{Phase: probing})
		answer, err := probe(ctx, r.Endpoint, ln.Addr().String())
		if err != nil {
			return event{Refused: err.Error() + withoutServices(g)}
		}
		report.tell(event{Answer: &answer})
		if !wanted(r.Endpoint.Probe, answer.Status) {
			return event{Refused: fmt.Sprintf("the probe %s was answered with %d, and %s is wanted",
				answer.Request, answer.Status, wantedStatus(r.Endpoint.Probe)) + withoutServices(g)}
		}
	}
	report.tell(event{Phase: ending})
	if err := g.Shutdown(ctx); err != nil {
		return event{Failed: fmt.Sprintf("shut down: %v", err)}
	}
	return event{Done: true}
}

// snapshotOf is the one endpoint. The services that it is bound to are there
// under their names, but inactive: of which kind they are does not matter.
func snapshotOf(r Request) gateway.Snapshot {
	e := r.Endpoint
	s := gateway.Snapshot{Endpoints: []gateway.Endpoint{{
		Name: e.Name, Domain: e.Domain, Path: e.Path, Methods: e.Methods,
		Library: r.Library, Config: e.Config, Services: e.Services,
		Limits: gateway.Limits{
			Timeout: time.Duration(e.Limits.Timeout), MaxBody: e.Limits.MaxBody,
			MaxConcurrency: e.Limits.MaxConcurrency, MaxNative: e.Limits.MaxNative, MaxStuck: e.Limits.MaxStuck,
		},
	}}}
	var bound []string
	for _, name := range e.Services {
		if !slices.Contains(bound, name) {
			bound = append(bound, name)
			s.Services = append(s.Services, gateway.Service{Name: name, Kind: "cache", Inactive: true})
		}
	}
	return s
}

// withoutServices explains a failure, should the handler have wanted a service.
func withoutServices(g *gateway.Gateway) string {
	var asked []string
	for _, one := range g.ServiceStatuses() {
		if one.Inactive > 0 {
			asked = append(asked, one.Name)
		}
	}
	if asked == nil {
		return ""
	}
	return fmt.Sprintf("; it asked for %s, and services are not there in a trial: handler_init is told so by EG_INIT_TRIAL, and a probe has to do without",
		strings.Join(asked, ", "))
}

// logHandler hands on what is logged, and learns from it where the gateway is.
type logHandler struct {
	report *reporter
	attrs  []slog.Attr
}

func (h *logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.report, append(slices.Clone(h.attrs), attrs...)}
}

func (h *logHandler) WithGroup(string) slog.Handler { return h }

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	switch r.Message {
	case gateway.LogLoading:
		h.report.tell(event{Phase: loading})
		return nil
	case gateway.LogStarting:
		h.report.tell(event{Phase: starting})
		return nil
	case gateway.LogLoaded:
		return nil
	}
	line := model.LogLine{At: r.Time, Level: strings.ToLower(r.Level.String()), Message: cut(r.Message, lineLimit)}
	add := func(a slog.Attr) bool {
		value := cut(a.Value.String(), lineLimit)
		switch a.Key {
		case "endpoint":
			line.Endpoint = value
		case "version":
			line.Version = value
		case "request_id":
			line.RequestID = value
		case "service":
			line.Service = value
		default:
			if line.More == nil {
				line.More = map[string]string{}
			}
			line.More[a.Key] = value
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	h.report.tell(event{Log: &line})
	return nil
}
