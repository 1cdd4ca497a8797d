//go:build unix

package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

var builder *toolchain.Toolchain

func TestMain(m *testing.M) {
	worker.Main()
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	cache, err := os.MkdirTemp("", "edge-gateway-test-*")
	if err == nil {
		defer os.RemoveAll(cache)
		builder, err = toolchain.New(toolchain.Config{CacheDir: cache})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build compiles a handler in C.
func build(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "handler.c"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return buildFolder(t, dir)
}

// buildFolder compiles a handler.
func buildFolder(t *testing.T, dir string) string {
	t.Helper()
	library, err := builder.Build(t.Context(), dir)
	var missing *toolchain.MissingError
	if errors.As(err, &missing) && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
		t.Skip(err)
	}
	var failed *toolchain.BuildError
	if errors.As(err, &failed) {
		t.Fatalf("%v\n%s", err, failed.Output)
	}
	if err != nil {
		t.Fatal(err)
	}
	return library.Path
}

// faultyInC ends its process as the query says, and its handler_init does if
// the file is there that its config names.
const faultyInC = `#include "edge_gateway_sdk.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
static void crash(void) { *(volatile int *)8 = 1; }
static void *crashing(void *unused) { crash(); return unused; }
static int is(eg_bytes query, const char *text) { return query.len == strlen(text) && !memcmp(query.ptr, text, query.len); }
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes query = request->query;
  if (is(query, "segv")) crash();
  if (is(query, "abort")) abort();
  if (is(query, "exit")) exit(0);
  if (is(query, "thread")) {
    pthread_t thread;
    pthread_create(&thread, 0, crashing, 0);
    pthread_join(thread, 0);
  }
  if (is(query, "slow")) {
    eg_log(host, request, EG_LOG_INFO, "in");
    struct timespec time = {0, 500 * 1000 * 1000};
    nanosleep(&time, 0);
  }
  return eg_answer(host, request, response, 200, "text/plain", eg_text("answered"));
}
static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  char path[1024] = {0};
  for (uint64_t i = 0; i < init->config_count; i++) {
    const eg_field *field = &init->config[i];
    if (field->name.len == 4 && !memcmp(field->name.ptr, "file", 4) && field->value.len < sizeof path) memcpy(path, field->value.ptr, field->value.len);
  }
  if (path[0] && !access(path, F_OK)) crash();
  return EG_OK;
}
EG_HANDLER("faulty", "1.0");
EG_ENTRY(answer);
EG_INIT(start);
`

// supervised is a supervisor under test.
type supervised struct {
	*worker.Supervisor
	dir     string
	address string
	printed *buffer
	kept    *buffer
	hangs   bool // a worker has calls that do not return: its shutdown is an error

	mu      sync.Mutex
	exits   []worker.Exit
	ended   []gateway.ProcessExit
	banned  []worker.Banned // that the end of a worker, or of a process, gives
	leftOut []string
}

func (s *supervised) ban(banned ...worker.Banned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.banned = banned
}

func (s *supervised) crashed() []worker.Exit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exits
}

func (s *supervised) out() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leftOut
}

// start starts a worker that serves. set changes the options.
func start(t *testing.T, snapshot gateway.Snapshot, set ...func(*worker.Options)) *supervised {
	t.Helper()
	var o worker.Options
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &supervised{dir: t.TempDir(), address: ln.Addr().String(), printed: &buffer{}, kept: &buffer{}}
	o.Gateway = gateway.Options{Dir: s.dir, IdleGrace: 500 * time.Millisecond}
	o.Listeners = []net.Listener{ln}
	o.Log, o.Print, o.Keep = slog.New(slog.NewJSONHandler(s.printed, nil)), s.printed, s.kept
	o.Crashed = func(e worker.Exit) worker.Verdict {
		found := crash.Examine(crash.Death{Status: e.Status, Why: e.Why, Output: e.Output, Printed: e.Printed, Recorded: e.Recorded}, func(string) (string, bool) { return "", false })
		s.mu.Lock()
		defer s.mu.Unlock()
		s.exits = append(s.exits, e)
		return worker.Verdict{Guilty: worker.Banned{Endpoint: found.Endpoint, Version: found.Version}, Banned: s.banned}
	}
	o.ProcessEnded = func(e gateway.ProcessExit) []worker.Banned {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = append(s.ended, e)
		return s.banned
	}
	o.LeftOut = func(e gateway.Endpoint, reason string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leftOut = append(s.leftOut, e.Name+": "+reason)
	}
	for _, change := range set {
		change(&o)
	}
	s.Supervisor, err = worker.New(o)
	if err != nil {
		t.Fatal(err)
	}
	serving := make(chan error, 1)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil && !s.hangs {
			t.Error("shutdown:", err)
		}
		if err := <-serving; !errors.Is(err, gateway.ErrClosed) {
			t.Error("serve:", err)
		}
		if t.Failed() {
			t.Log(s.printed.String())
		}
	})
	go func() { serving <- s.Serve() }()
	if err := s.Apply(t.Context(), snapshot); err != nil {
		t.Fatal(err)
	}
	return s
}

func serve(endpoints ...gateway.Endpoint) gateway.Snapshot {
	return gateway.Snapshot{Endpoints: endpoints}
}

// ask asks on a connection of its own.
func (s *supervised) ask(target string) (*rawclient.Response, error) {
	conn, err := rawclient.Dial(s.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.Do(request(target))
}

func request(target string) []byte { return []byte("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n") }

func (s *supervised) wantStatus(t *testing.T, target string, status int) {
	t.Helper()
	got, err := s.ask(target)
	if err != nil {
		t.Errorf("%s: %v", target, err)
	} else if got.Status != status {
		t.Errorf("%s answers %d, want %d", target, got.Status, status)
	}
}

func within(t *testing.T, limit time.Duration, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !true(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// buffer has what was written to it.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *buffer) has(text string) bool { return strings.Contains(b.String(), text) }

// starting is the process id of the worker that has something loaded.
func (s *supervised) starting(t *testing.T) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "instances", "*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	pid, err := strconv.Atoi(filepath.Base(names[0]))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
