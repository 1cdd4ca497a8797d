package main

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/valyala/fasthttp"
)

func listenAndSay() (net.Listener, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Fprintf(os.Stderr, "http://%s\n", ln.Addr())
	}
	return ln, err
}

// serveNative is what the gateway is measured against: fasthttp alone, with
// the timeouts that the gateway has, since no server should be without.
func serveNative() error {
	s := nativeServer()
	s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = 30*time.Second, 5*time.Minute, time.Minute
	return listenAndServe(s)
}

// serveBare is the same without timeouts: a client can hold it up for ever.
func serveBare() error { return listenAndServe(nativeServer()) }

func nativeServer() *fasthttp.Server {
	return &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyString("Hello, world!")
	}}
}

func listenAndServe(s *fasthttp.Server) error {
	ln, err := listenAndSay()
	if err != nil {
		return err
	}
	return s.Serve(ln)
}
