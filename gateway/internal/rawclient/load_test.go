package rawclient

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// serve runs a fasthttp server on loopback; stop ends it and waits.
func serve(t *testing.T, handler fasthttp.RequestHandler) (addr string, server *fasthttp.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server = &fasthttp.Server{Handler: handler, CloseOnShutdown: true}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.ShutdownWithContext(ctx)
		<-done
	})
	return listener.Addr().String(), server
}

func sendGet(int, int) []byte { return []byte(get) }

func TestLoadLosesNothingAgainstAHealthyServer(t *testing.T) {
	var served atomic.Int64
	addr, _ := serve(t, func(ctx *fasthttp.RequestCtx) {
		served.Add(1)
		ctx.SetBody(ctx.Path())
	})
	result := Load{
		Addr: addr, Conns: 8, Requests: 500,
		Request: func(conn, i int) []byte {
			return fmt.Appendf(nil, "GET /%d/%d HTTP/1.1\r\nHost: a\r\n\r\n", conn, i)
		},
		Check: WantStatus(200),
	}.Run(context.Background())
	if result.OK != 500 || result.Failed != 0 || result.Refused != 0 || result.Dials > 8 ||
		result.ByStatus[200] != 500 || served.Load() != 500 {
		t.Errorf("%v over %d connections, %d served", result, result.Dials, served.Load())
	}
	if n := len(result.Latencies); n != 500 || result.Percentile(0) > result.Percentile(50) ||
		result.Percentile(100) != result.Latencies[n-1] {
		t.Errorf("%d latencies, p0 %v, p50 %v, p100 %v", n, result.Percentile(0), result.Percentile(50), result.Percentile(100))
	}
}

func TestLoadDialsAgainAfterConnectionClose(t *testing.T) {
	addr, _ := serve(t, func(ctx *fasthttp.RequestCtx) {
		ctx.SetConnectionClose()
	})
	result := Load{Addr: addr, Conns: 2, Requests: 20, Request: sendGet}.Run(context.Background())
	if result.OK != 20 || result.Failed != 0 || result.Dials < 20 {
		t.Errorf("%v over %d connections", result, result.Dials)
	}
}

// Every second connection is closed, or reset, without an answer. No request
// is written twice, so exactly those have failed.
func TestLoadCountsEveryLossOnce(t *testing.T) {
	for name, lose := range map[string]func(net.Conn){"closed": answers(""), "reset": reset,
		"cut": answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")} {
		var accepted atomic.Int64
		count := func(then func(net.Conn)) func(net.Conn) {
			return func(conn net.Conn) {
				accepted.Add(1)
				then(conn)
			}
		}
		good := answers("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		addr := scripted(t, count(good), count(lose))
		result := Load{Addr: addr, Requests: 20, Request: sendGet}.Run(context.Background())
		if result.OK != 10 || result.Failed != 10 || len(result.Errors) != 10 || accepted.Load() != 20 {
			t.Errorf("%s: %v, %d requests came", name, result, accepted.Load())
		}
	}
}

func TestLoadCountsAWrongAnswerAsFailed(t *testing.T) {
	addr, _ := serve(t, func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(503) })
	result := Load{Addr: addr, Requests: 5, Request: sendGet, Check: WantStatus(200)}.Run(context.Background())
	if result.OK != 0 || result.Failed != 5 || result.ByStatus[503] != 5 || result.Dials != 1 {
		t.Errorf("%v over %d connections", result, result.Dials)
	}
}

func TestLoadTellsARefusedConnectionFromALostRequest(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	result := Load{Addr: listener.Addr().String(), Conns: 3, Request: sendGet, StopWhenRefused: true}.Run(context.Background())
	if result.Refused != 3 || result.Failed != 0 || result.OK != 0 {
		t.Errorf("%v", result)
	}
}

func TestLoadAnswersWhatIsUnderWayWhenItEnds(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	addr, _ := serve(t, func(*fasthttp.RequestCtx) {
		entered <- struct{}{}
		<-release
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-entered
		<-entered
		cancel()
		close(release)
	}()
	result := Load{Addr: addr, Conns: 2, Request: sendGet}.Run(ctx)
	if result.OK != 2 || result.Failed != 0 {
		t.Errorf("%v", result)
	}
}

// fasthttp's Shutdown closes idle connections on which a request may already
// be written. A client that cannot see that cannot measure a graceful end.
func TestLoadSeesWhatPlainShutdownLoses(t *testing.T) {
	const rounds = 10
	for range rounds {
		var served atomic.Int64
		warm := make(chan struct{})
		addr, server := serve(t, func(*fasthttp.RequestCtx) {
			if served.Add(1) == 320 { // ten for each connection
				close(warm)
			}
		})
		finished := make(chan *Result)
		go func() {
			finished <- Load{
				Addr: addr, Conns: 32, Request: sendGet, Think: time.Millisecond, StopWhenRefused: true,
			}.Run(context.Background())
		}()
		<-warm
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := server.ShutdownWithContext(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		result := <-finished
		if result.OK < 320 {
			t.Fatalf("the load did not run: %v", result)
		}
		if result.Failed > 0 {
			t.Logf("seen: %d of 32 connections lost a request, first: %v", result.Failed, result.Errors[0])
			return
		}
	}
	t.Errorf("%d rounds of plain Shutdown, and no loss seen", rounds)
}
