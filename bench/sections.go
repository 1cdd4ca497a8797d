package main

import (
	"fmt"
	"os"
)

// target is one thing to measure: a path on a server.
type target struct {
	name    string
	path    string // {n} in it is the number of an item, another for each request
	want    string // the body of its answer, {n} likewise
	server  *server
	samples []sample
}

// startHotPath compares a handler that answers by itself with the same answer
// by a native server.
func startHotPath(f *fleet, o options) (*section, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	plain, err := f.launch(self, roleNative)
	if err != nil {
		return nil, err
	}
	bare, err := f.launch(self, roleBare)
	if err != nil {
		return nil, err
	}
	gateway, err := f.gateway(
		endpoint{path: "/static", source: "bench/handlers/static"},
		endpoint{path: "/c/{name}", source: "sdk-c/examples/hello"},
		endpoint{path: "/rust/{name}", source: "sdk-rust/examples/hello"},
		endpoint{path: "/go/{name}", source: "sdk-go/examples/hello"},
	)
	if err != nil {
		return nil, err
	}
	v1, err := f.launch(self, roleV1)
	if err != nil {
		return nil, err
	}
	const hello = "Hello, world!"
	return &section{
		title: "Hello by a handler, beside the same answer by a native fasthttp server; bare is that without timeouts, v1 one process per handler",
		targets: []*target{
			{name: "native", path: "/static", want: hello, server: plain},
			{name: "bare", path: "/static", want: hello, server: bare},
			{name: "c-static", path: "/static", want: hello, server: gateway},
			{name: "c", path: "/c/world", want: hello, server: gateway},
			{name: "rust", path: "/rust/world", want: hello, server: gateway},
			{name: "go", path: "/go/world", want: hello, server: gateway},
			{name: "v1", path: "/static", want: hello, server: v1},
		},
		requests: o.requests, conns: o.conns,
	}, nil
}

// startAwait compares waiting for one operation by EG_AWAIT with waiting in a
// callback. Each has a gateway of its own, so that its threads can be told.
func startAwait(f *fleet, o options) (*section, error) {
	const ms = 1
	s := &section{
		title: fmt.Sprintf("One timer of %d ms awaited, beside the same in a callback that blocks", ms),
		// As many as an endpoint has threads inside native code by default.
		requests: o.requests / 2, conns: 4 * o.conns,
	}
	for _, one := range []struct{ name, source string }{
		{"await", "sdk-c/examples/wait"}, {"blocking", "sdk-c/examples/wait_blocking"},
	} {
		gateway, err := f.gateway(endpoint{path: "/wait", source: one.source})
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, &target{
			name: one.name, path: fmt.Sprintf("/wait?ms=%d", ms), want: fmt.Sprintf("waited %d ms\n", ms), server: gateway,
		})
	}
	return s, nil
}

// startIsolated compares a handler in a process of its own with the same in the
// worker. Each has a gateway of its own, so that its processes can be told.
func startIsolated(conns int) func(*fleet, options) (*section, error) {
	return func(f *fleet, o options) (*section, error) {
		s := &section{
			title:    fmt.Sprintf("Hello by a handler in a process of its own, beside the same in the worker, with %d in flight", conns),
			requests: o.requests, conns: conns,
		}
		for _, isolated := range []bool{false, true} {
			gateway, err := f.gateway(endpoint{path: "/static", source: "bench/handlers/static", isolated: isolated})
			if err != nil {
				return nil, err
			}
			name := map[bool]string{false: "worker", true: "isolated"}[isolated]
			s.targets = append(s.targets, &target{name: name, path: "/static", want: "Hello, world!", server: gateway})
		}
		return s, nil
	}
}
