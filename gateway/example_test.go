package gateway_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// A Go program embeds the gateway, with a handler that is a function of its
// own: the same function could be compiled into a library.
func Example() {
	data, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(data)
	g, err := gateway.New(gateway.Options{Dir: data, IdleGrace: 10 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	hello := func(r *edge.Request) (*edge.Response, error) {
		return edge.Text(200, "Hello, "+r.Param("name")+"!"), nil
	}
	err = g.Apply(context.Background(), gateway.Snapshot{Endpoints: []gateway.Endpoint{
		{Name: "hello", Path: "/hello/{name}", Methods: []string{"GET"}, Handler: hello},
	}})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- g.Serve(ln) }()

	answer, err := http.Get("http://" + ln.Addr().String() + "/hello/world")
	if err != nil {
		log.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	fmt.Println(answer.StatusCode, string(body))

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-done)
	// Output:
	// 200 Hello, world!
	// the gateway is shut down
}

// A handler uses the services that its endpoint is lent. With no library there
// is nothing to encode for it: the calls go straight to the service.
func Example_services() {
	data, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(data)
	quiet := slog.New(slog.DiscardHandler)
	g, err := gateway.New(gateway.Options{Dir: data, Log: quiet, IdleGrace: 10 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	visit := func(r *edge.Request) (*edge.Response, error) {
		c, err := r.Cache("visits")
		if err != nil {
			return nil, err
		}
		n, err := c.CountFrom(r.Param("name"), 1, 1, 0)
		if err != nil {
			return nil, err
		}
		return edge.Text(200, fmt.Sprintf("%s was here %d times", r.Param("name"), n)), nil
	}
	err = g.Apply(context.Background(), gateway.Snapshot{
		Services: []gateway.Service{{Name: "memory", Kind: "cache"}},
		Endpoints: []gateway.Endpoint{
			{Name: "visit", Path: "/visit/{name}", Handler: visit, Services: map[string]string{"visits": "memory"}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go g.Serve(ln)

	for range 2 {
		answer, err := http.Get("http://" + ln.Addr().String() + "/visit/Ada")
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		fmt.Println(string(body))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// Ada was here 1 times
	// Ada was here 2 times
}
