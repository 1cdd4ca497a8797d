package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/valyala/fasthttp"
)

const (
	// What both sides of the comparison have: connections to PostgreSQL, and
	// the time that a request may take.
	connections    = 10
	requestTimeout = 30 * time.Second

	selectItem = "select name, stock from item where id = $1"
)

// startSQL compares handlers that read one row with a native server that does.
func startSQL(f *fleet, o options) (*section, error) {
	url, err := f.postgres()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &section{
		title: fmt.Sprintf("One row by primary key from PostgreSQL, beside a native fasthttp server with pgxpool, %d connections each; bare is that without deadlines", connections),
		// As many connections as an endpoint has threads inside native code by
		// default.
		requests: o.requests / 4, conns: 4 * o.conns,
	}
	add := func(name string, server *server, err error) error {
		s.targets = append(s.targets, &target{name: name, path: "/item/{n}", want: "item {n}: {n}\n", server: server})
		return err
	}
	for _, one := range []struct{ name, role string }{{"native-sql", roleNativeSQL}, {"bare-sql", roleBareSQL}} {
		server, err := f.launch(self, one.role, url)
		if err := add(one.name, server, err); err != nil {
			return nil, err
		}
	}
	database := service{kind: "sql", lines: fmt.Sprintf("driver = \"postgres\"\nurl = %q\nworkers = %d\n", url, connections), binding: "db"}
	for _, one := range []struct{ name, source string }{
		{"c-await-sql", "bench/handlers/item"}, {"rust-await-sql", "bench/handlers/item_async"}, {"c-blocking-sql", "bench/handlers/item_blocking"},
	} {
		server, err := f.gateway(endpoint{path: "/item/{id}", source: one.source, timeout: requestTimeout, service: &database})
		if err := add(one.name, server, err); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// startCache compares reading a memory cache with answering at once.
func startCache(f *fleet, o options) (*section, error) {
	s := &section{
		title:    "Memory-cache get through a handler, beside one that answers by itself",
		requests: o.requests, conns: o.conns,
	}
	cache := service{kind: "cache", binding: "cache"}
	for _, one := range []struct {
		name, source string
		service      *service
	}{
		{"c-hello", "bench/handlers/static", nil},
		{"c-await-cache", "bench/handlers/cached", &cache},
		{"c-blocking-cache", "bench/handlers/cached_blocking", &cache},
	} {
		gateway, err := f.gateway(endpoint{path: "/cached", source: one.source, service: one.service})
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, &target{name: one.name, path: "/cached", want: "Hello, world!", server: gateway})
	}
	return s, nil
}

// serveNativeSQL is what an author would write without the gateway. A request
// has a deadline, as it has in the gateway: without one a database that hangs
// would hold it for ever.
func serveNativeSQL(args []string) error {
	return serveItems(args, func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), requestTimeout)
	})
}

// serveBareSQL is the same without deadlines.
func serveBareSQL(args []string) error {
	return serveItems(args, func() (context.Context, context.CancelFunc) { return context.Background(), func() {} })
}

func serveItems(args []string, newContext func() (context.Context, context.CancelFunc)) error {
	config, err := pgxpool.ParseConfig(args[0])
	if err != nil {
		return err
	}
	config.MaxConns = connections // statements are prepared once a connection, by default
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return err
	}
	s := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(request *fasthttp.RequestCtx) {
		id, err := strconv.ParseInt(string(request.Path()[len("/item/"):]), 10, 64)
		if err != nil {
			request.SetStatusCode(400)
			return
		}
		ctx, cancel := newContext()
		defer cancel()
		var name string
		var stock int64
		if err := pool.QueryRow(ctx, selectItem, id).Scan(&name, &stock); err != nil {
			request.SetStatusCode(500)
			return
		}
		request.SetContentType("text/plain; charset=utf-8")
		fmt.Fprintf(request, "%s: %d\n", name, stock)
	}}
	s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = 30*time.Second, 5*time.Minute, time.Minute
	return listenAndServe(s)
}
