package gateway_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// compile compiles without the toolchain, for what that would refuse.
func compile(t *testing.T, compiler string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(compiler)
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	out := filepath.Join(t.TempDir(), "bad"+toolchain.Extension())
	args = append([]string{"-shared", "-fPIC", "-I", "../abi", "-I", "../sdk-c", "-o", out}, args...)
	if text, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

func compileCPP(t *testing.T, dir string) string {
	return compile(t, "g++", filepath.Join(dir, "handler.cc"))
}

func compileC(t *testing.T, source string) string {
	return compile(t, "cc", writeFile(t, t.TempDir(), "bad.c", source))
}

const rawHandler = `#include "edge_gateway.h"
#include <stdio.h>
int32_t handler_entry(const eg_host *h, const eg_request *q, eg_response *r) { (void)h; (void)q; r->status = 200; return 0; }
const eg_info *handler_info(void) {
  static const eg_info info = {sizeof(eg_info), MAJOR, EG_ABI_MINOR, 0, sizeof(void *), 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}};
  return &info;
}
`

// Whatever is wrong with a library, it is refused with its own reason, and the
// old version goes on answering.
func TestBadLibrariesAreRefusedAndTheOldVersionServes(t *testing.T) {
	good := buildC(t, versionInC)
	serve := func(library string) gateway.Snapshot {
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("victim", "/", library)}}
	}
	g, address := start(t, gateway.Options{}, serve(good))
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ran := filepath.Join(dir, "constructor-ran")
	constructor := `__attribute__((constructor)) static void early(void) { fclose(fopen("` + ran + `", "w")); }` + "\n"

	type bad struct{ name, library, reason string }
	tests := []bad{
		{"text", writeFile(t, dir, "text.so", "hello\n"), "looks like text"},
		{"empty", writeFile(t, dir, "empty.so", ""), "empty"},
		{"directory", dir, "directory"},
		{"absent", filepath.Join(dir, "absent.so"), "no such file"},
		{"another architecture", "../abi/inspect/testdata/linux-arm64.elf", "it is for arm64"},
		{"no handler_entry", compileC(t, "int f(void) { return 1; }\n"), "handler_entry"},
		{"version by mark", compileC(t, strings.ReplaceAll(rawHandler, "MAJOR", "9")+"#include <stdio.h>\nvoid handler_abi_9_1(void) {}\n"+constructor), "9.1"},
		{"version by handler_info", compileC(t, strings.ReplaceAll(rawHandler, "MAJOR", "7")), "7.2"},
		{"unresolved symbol", compileC(t, strings.ReplaceAll(rawHandler, "MAJOR", "0")+"void nowhere_to_be_found(void);\nvoid f(void) { nowhere_to_be_found(); }\n"), "nowhere_to_be_found"},
		{"init refuses", buildC(t, versionInC+`
static int32_t begin(const eg_host *host, const eg_init *start, void **self) {
  (void)start; (void)self;
  eg_log(host, 0, EG_LOG_ERROR, "the moon is full");
  return EG_E_UNAVAILABLE;
}
EG_INIT(begin);
`), "the moon is full"},
	}
	for n := range 64 {
		name := "truncated-" + itoa(n) + ".so"
		tests = append(tests, bad{name, writeFile(t, dir, name, string(whole[:len(whole)*n/64])), ""})
	}
	for _, test := range tests {
		err := g.Apply(t.Context(), serve(test.library))
		var fault *gateway.EndpointError
		if !errors.As(err, &fault) || fault.Endpoint != "victim" || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: error %v, want one that names the endpoint and says %q", test.name, err, test.reason)
		}
		if r := get(t, address, "/"); r.Status != 200 || string(r.Body) != "version-0000" {
			t.Fatalf("%s: the old version answers %d %q", test.name, r.Status, r.Body)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a constructor ran before the version was checked")
	}
}
