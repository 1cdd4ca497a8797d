package gateway_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// lateAwaitInC returns EG_AWAIT when its time is up, and spends its last resume
// inside native code until it is told to return.
const lateAwaitInC = `#include "edge_gateway_sdk.h"
#include <time.h>
#include <unistd.h>
static char stop[4096];
static void moment(long ms) {
  const struct timespec time = {0, ms * 1000 * 1000};
  nanosleep(&time, 0);
}
static int32_t resumed(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  (void)response; (void)state; (void)reason;
  eg_log(host, request, EG_LOG_INFO, "resumed");
  while (access(stop, F_OK) != 0) moment(1);
  return EG_OK;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  moment(300);
  return eg_await_sleep(host, request, response, 1000, resumed, 0);
}
static int32_t begin(const eg_host *host, const eg_init *start, void **self) {
  const eg_bytes path = eg_config(host, "stop");
  (void)start; (void)self;
  for (uint64_t n = 0; n < path.len; n++) stop[n] = ((const char *)path.ptr)[n];
  return EG_OK;
}
EG_HANDLER("late", "1.0");
EG_INIT(begin);
EG_ENTRY(answer);
`

// The resume that a handler is owed after its client was answered is a thread
// in native code like any other.
func TestLastResumeOfAnAnsweredRequestCountsAsNative(t *testing.T) {
	stop := filepath.Join(t.TempDir(), "stop")
	e := endpoint("late", "/", buildC(t, lateAwaitInC))
	e.Limits, e.Config = gateway.Limits{Timeout: 50 * time.Millisecond}, map[string]string{"stop": stop}
	log, lines := logTo(t)
	g, address := start(t, gateway.Options{Log: log}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	tell := func() {
		if err := os.WriteFile(stop, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(tell)
	if r := get(t, address, "/"); r.Status != 504 {
		t.Errorf("%d", r.Status)
	}
	lines.wait(t, 1, `"msg":"resumed"`)
	if s, _ := g.Status("late"); s.Native != 1 || s.Stuck != 1 {
		t.Errorf("during the last resume: %+v", s)
	}
	tell()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		s, _ := g.Status("late")
		if s.Native == 0 && s.Stuck == 0 && s.InFlight == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after it: %+v", s)
		}
	}
}
