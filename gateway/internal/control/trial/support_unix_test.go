//go:build unix

package trial_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

var builder *toolchain.Toolchain

func TestMain(m *testing.M) {
	trial.Main()
	if library := os.Getenv(parentOf); library != "" {
		_, err := trial.Run(context.Background(), trial.Request{
			Endpoint: model.EndpointSpec{Name: "tried", Path: "/"}, Library: library, Dir: filepath.Dir(library), Limit: time.Minute,
		})
		fmt.Fprintln(os.Stderr, "the trial ended:", err)
		os.Exit(1)
	}
	os.Exit(runAll(m))
}

// parentOf has a test process try a library, and be killed meanwhile.
const parentOf = "EDGE_GATEWAY_TEST_PARENT_OF"

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

// build compiles a source folder and returns the library.
func build(t *testing.T, dir string) string {
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

// files writes a source folder.
func files(t testing.TB, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// compileC compiles one file of C, after the beginning that all have.
func compileC(t testing.TB, source string, flags ...string) string {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := files(t, map[string]string{"main.c": beginning + source})
	out := filepath.Join(dir, "library"+toolchain.Extension())
	const root = "../../../../"
	flags = append(flags, "-shared", "-fPIC", "-I", root+"abi", "-I", root+"sdk-c", "-o", out, filepath.Join(dir, "main.c"))
	text, err := exec.Command(compiler, flags...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

const beginning = `
#define _GNU_SOURCE
#include "edge_gateway_sdk.h"
#include "edge_gateway_sdk_cache.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
EG_HANDLER("tried", "1.0");
static int32_t ok(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text("fine"));
}
static void crash(void) { raise(SIGSEGV); }
static void spin(void) { for (volatile int on = 1; on;) {} }
`

// request is the usual one of a test.
func request(t testing.TB, library string) trial.Request {
	return trial.Request{
		Endpoint: model.EndpointSpec{Name: "tried", Path: "/tried/{id}", Methods: []string{"GET"}, Probe: &model.Probe{Path: "/tried/1?x=y"}},
		Library:  library, Dir: t.TempDir(), Limit: time.Minute,
	}
}

// run tries a library and sees that nothing of the trial is left.
func run(t *testing.T, r trial.Request) (trial.Result, error) {
	t.Helper()
	result, err := trial.Run(t.Context(), r)
	if left, _ := os.ReadDir(r.Dir); len(left) > 0 {
		t.Errorf("the trial left %v", left)
	}
	return result, err
}

// refusal is the error of a trial, which has to be one that says what is wrong
// with the library.
func refusal(t *testing.T, err error) *model.Error {
	t.Helper()
	var refused *model.Error
	if !errors.As(err, &refused) || refused.Kind != model.Refused {
		t.Fatalf("error %v, want one that refuses the library", err)
	}
	return refused
}
