//go:build unix

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// underLoad asks the process over 32 kept connections until it refuses them or
// stop is called, and by then has lost nothing. It returns when every
// connection has had an answer.
func (p *process) underLoad(t *testing.T) (stop func() *rawclient.Result) {
	t.Helper()
	const conns = 32
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	var warm sync.WaitGroup
	warm.Add(conns)
	load := rawclient.Load{
		Addr: p.address, Conns: conns, Think: time.Millisecond, StopWhenRefused: true, Check: rawclient.WantStatus(200),
		Request: func(_, n int) []byte {
			if n == 1 { // the second
				warm.Done()
			}
			return []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		},
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	warm.Wait()
	return func() *rawclient.Result {
		cancel()
		return <-done
	}
}

// Both signals that end the process lose no request of clients that keep their
// connections and never try twice.
func TestEndingUnderLoadLosesNothing(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			_, config := project(t)
			p := serve(t, nil, "--config", config, "--no-access-log")
			stop := p.underLoad(t)
			p.signal(t, signal)
			select {
			case err := <-p.exited:
				if err != nil {
					t.Errorf("it ended with %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Error("it did not end")
			}
			if result := stop(); result.Failed != 0 || result.OK < 64 {
				t.Error(result)
			}
		})
	}
}

// Reading the configuration again, each time with another handler config and
// so another instance, loses no request either.
func TestReloadUnderLoadLosesNothing(t *testing.T) {
	_, config := project(t)
	good := "[[endpoint]]\nname = \"hello\"\npath = \"/\"\nsource = \".\"\n[endpoint.config]\nn = \"%d\"\n"
	write(t, config, fmt.Sprintf(good, 0))
	p := serve(t, nil, "--config", config, "--no-access-log")
	stop := p.underLoad(t)
	for n := 1; n <= 20; n++ {
		p.reload(t, config, fmt.Sprintf(good, n), "was reloaded")
		if n%5 == 0 {
			p.reload(t, config, fmt.Sprintf(good, n)+"what = 1\npth = {}\n[nothing]\n", "is not reloaded")
		}
	}
	if result := stop(); result.Failed != 0 || result.Refused != 0 || result.OK < 1000 {
		t.Error(result)
	}
	if n := strings.Count(p.output(), "was reloaded"); n != 20 {
		t.Errorf("reloaded %d times", n)
	}
	p.stop(t)
}
