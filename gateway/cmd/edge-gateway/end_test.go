//go:build unix

package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

const sleepInC = `#include "edge_gateway_sdk.h"
#include <time.h>
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  struct timespec left = {60, 0};
  eg_log(host, request, EG_LOG_INFO, "sleeping");
  while (nanosleep(&left, &left) != 0) {} // a signal may come to this thread
  return eg_answer(host, request, response, 200, 0, eg_text("slept"));
}
EG_HANDLER("sleep", "1.0");
EG_ENTRY(answer);
`

// waitingInC says when it is about to wait.
const waitingInC = `#include "edge_gateway_sdk.h"
static int32_t resumed(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  (void)state; (void)reason;
  return eg_answer(host, request, response, 200, 0, eg_text("waited"));
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_log(host, request, EG_LOG_INFO, "waiting");
  return eg_await_sleep(host, request, response, 60ll * 1000 * 1000 * 1000, resumed, 0);
}
EG_HANDLER("wait", "1.0");
EG_ENTRY(answer);
`

// The first signal lets requests finish, the second gives them up: those that
// wait are answered 503, those in native code are left behind.
func TestASecondSignalCutsTheDrainShort(t *testing.T) { inBothModes(t, secondSignal) }

func secondSignal(t *testing.T) {
	for _, test := range []struct {
		name, source, at string
		answer           int // 0 for none
		says             []string
	}{
		{"suspended", waitingInC, "waiting", 503, []string{`"endpoint":"hello","in_flight":1`}},
		{"in native code", sleepInC, "sleeping", 0, []string{`"left behind","endpoint":"hello","in_flight":1,"native":1`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, config := project(t)
			write(t, filepath.Join(dir, "hello.c"), test.source)
			p := serve(t, nil, "--config", config)
			c, err := rawclient.Dial(p.address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			p.waitFor(t, fmt.Sprintf(`"msg":%q`, test.at))
			p.signal(t, syscall.SIGTERM)
			p.waitFor(t, `"msg":"shutting down"`)
			begin := time.Now()
			p.signal(t, syscall.SIGTERM)
			if test.answer != 0 {
				if r, err := c.ReadResponse("GET"); err != nil || r.Status != test.answer {
					t.Errorf("the request that waits is answered %v, %v", r, err)
				}
			}
			select {
			case err = <-p.exited:
			case <-time.After(20 * time.Second):
				t.Fatal("it did not end after the second signal")
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("it ends with %v, want status 1", err)
			}
			if took := time.Since(begin); took > 10*time.Second { // the aim is 2 s; drain_timeout is 30 s
				t.Errorf("it took %v to end", took)
			}
			for _, text := range append(test.says, "a second signal cuts the drain short",
				"edge-gateway: the drain was cut short by a second signal: 1 connections were still busy") {
				if !strings.Contains(p.output(), text) {
					t.Errorf("it does not say %q", text)
				}
			}
		})
	}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
