package gateway_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/edge-gateway/edge-gateway/gateway"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// A program that embeds the gateway, with a handler that is one of its own
// functions. One in a library has Library in place of Handler.
func Example() {
	dir, err := os.MkdirTemp("", "gateway-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	g, err := gateway.New(gateway.Options{Dir: dir})
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

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- g.Serve(listener) }()

	response, err := http.Get("http://" + listener.Addr().String() + "/hello/world")
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	response.Body.Close()
	fmt.Println(response.Status, string(body))

	http.DefaultClient.CloseIdleConnections()
	if err := g.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-served == gateway.ErrClosed)
	// Output:
	// 200 OK Hello, world!
	// true
}
