package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// recordProfile writes a CPU profile of a gateway under load, from which the
// compiler learns what to inline (`make profile`). The gateway is in this
// process, the load generator in another.
func recordProfile(file string, o options) error {
	f, err := newFolder()
	if err != nil {
		return err
	}
	defer f.stop()
	url, err := f.postgres()
	if err != nil {
		return err
	}
	address, stop, err := embed(f.dir, url)
	if err != nil {
		return err
	}
	defer stop()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	// A third of the load has neither parameters nor anything to wait for.
	here := &server{address: address}
	for range max(1, o.rounds) {
		for _, t := range []struct {
			target
			share int
		}{
			{target{name: "static", path: "/static", want: "Hello, world!", server: here}, 3},
			{target{name: "parameter", path: "/hello/world", want: "Hello, world!", server: here}, 2},
			{target{name: "await", path: "/wait?ms=0", want: "waited 0 ms\n", server: here}, 1},
			{target{name: "cache", path: "/cached", want: "Hello, world!", server: here}, 1},
			{target{name: "sql", path: "/item/{n}", want: "item {n}: {n}\n", server: here}, 2},
		} {
			if _, err := offer(&t.target, o.requests*t.share, o.conns); err != nil {
				return err
			}
		}
	}
	pprof.StopCPUProfile()
	return out.Close()
}

// embed serves handlers in C from this process.
func embed(dir, database string) (address string, stop func(), err error) {
	root, err := moduleRoot()
	if err != nil {
		return "", nil, err
	}
	builder, err := toolchain.New(toolchain.Config{CacheDir: filepath.Join(dir, "build")})
	if err != nil {
		return "", nil, err
	}
	snapshot := gateway.Snapshot{Services: []gateway.Service{
		{Name: "cache", Kind: "cache"},
		{Name: "db", Kind: "sql", Driver: "postgres", Workers: connections, Options: config.Options{"url": config.Hidden(database)}},
	}}
	for _, one := range []struct{ name, path, source string }{
		{"static", "/static", "bench/handlers/static"},
		{"hello", "/hello/{name}", "sdk-c/examples/hello"},
		{"wait", "/wait", "sdk-c/examples/wait"},
		{"cached", "/cached", "bench/handlers/cached"},
		{"item", "/item/{id}", "bench/handlers/item"},
	} {
		library, err := builder.Build(context.Background(), filepath.Join(root, one.source))
		if err != nil {
			return "", nil, err
		}
		snapshot.Endpoints = append(snapshot.Endpoints, gateway.Endpoint{
			Name: one.name, Path: one.path, Library: library.Path, Services: map[string]string{"cache": "cache", "db": "db"},
		})
	}
	g, err := gateway.New(gateway.Options{Dir: filepath.Join(dir, "data"), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return "", nil, err
	}
	if err := g.Apply(context.Background(), snapshot); err != nil {
		return "", nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		if err := g.Serve(ln); !errors.Is(err, gateway.ErrClosed) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}()
	return ln.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = g.Shutdown(ctx)
	}, nil
}
