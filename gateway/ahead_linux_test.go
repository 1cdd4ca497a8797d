package gateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// meetingInC starts only beside another one, that it tells of itself.
const meetingInC = `#include "edge_gateway_sdk.h"
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
static const char *text(eg_bytes b, char *to) {
  for (uint64_t n = 0; n < b.len; n++) to[n] = ((const char *)b.ptr)[n];
  return to;
}
static int32_t begin(const eg_host *host, const eg_init *start, void **self) {
  char mine[4096] = {0}, other[4096] = {0};
  const struct timespec moment = {0, 1000 * 1000};
  (void)start; (void)self;
  close(open(text(eg_config(host, "mine"), mine), O_CREAT | O_WRONLY, 0600));
  text(eg_config(host, "other"), other);
  for (int n = 0; n < 10000; n++) {
    if (access(other, F_OK) == 0) return EG_OK;
    nanosleep(&moment, 0);
  }
  eg_log(host, 0, EG_LOG_ERROR, "nobody came");
  return EG_E_UNAVAILABLE;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, 0, eg_text("met"));
}
EG_HANDLER("meeting", "1.0");
EG_INIT(begin);
EG_ENTRY(answer);
`

// A process takes its time to start, and a worker that replaces one that has
// crashed has no time.
func TestProcessesOfEndpointsStartSideBySide(t *testing.T) {
	isolating = true
	defer func() { isolating = false }()
	library, dir := buildC(t, meetingInC), t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	a, b := endpoint("a", "/a", library), endpoint("b", "/b", library)
	a.Config, b.Config = map[string]string{"mine": one, "other": two}, map[string]string{"mine": two, "other": one}
	a.Process.Open, b.Process.Open = true, true // they write files
	_, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{a, b}})
	c := connect(t, address)
	expect(t, c, "a", 200, "met")
	expect(t, c, "b", 200, "met")
}

func TestALibraryThatTheDiskHasDamagedIsNotRun(t *testing.T) {
	dir := t.TempDir()
	apply := func(libraries ...string) error {
		g, err := gateway.New(gateway.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Shutdown(t.Context())
		var s gateway.Snapshot
		for n, library := range libraries {
			name := string(rune('a' + n))
			s.Endpoints = append(s.Endpoints, endpoint(name, "/"+name, library))
		}
		return g.Apply(t.Context(), s)
	}
	if err := apply(buildC(t, versionInC), buildC(t, releasingInC)); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "versions", "*.so"))
	if err != nil || len(kept) != 2 {
		t.Fatal(kept, err)
	}
	bytes, err := os.ReadFile(kept[1])
	if err != nil {
		t.Fatal(err)
	}
	bytes[len(bytes)-1] ^= 1 // of the section headers, which nothing that runs needs
	if err := os.Chmod(kept[1], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[1], bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := apply(kept...); err == nil || !strings.Contains(err.Error(), "the file is damaged") || !strings.Contains(err.Error(), `endpoint "b"`) {
		t.Error(err)
	}
}
