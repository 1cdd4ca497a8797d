package headertest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var include = []string{"-I", "..", "-I", "../../sdk-c"}

// required compilers fail the test when EDGE_GATEWAY_TEST_REQUIRE_ALL=1 and
// they are missing; the others are second opinions.
var required = map[string]bool{"gcc": true, "g++": true}

func compiler(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if required[name] && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatalf("%s is missing; install it (apt-get install gcc g++)", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

func run(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// handler uses the header as its only include, first and twice.
const handler = services + services + `
#include "edge_gateway.h"
EG_EXPORT const eg_info *handler_info(void) { return 0; }
EG_EXPORT void handler_abi_0_2(void) {}
EG_EXPORT int32_t handler_entry(const eg_host *host, const eg_request *request,
                                eg_response *response) {
  response->status = (int32_t)(request->token + host->token);
  return EG_OK;
}
`

// sdkServices includes the SDK's headers of the services.
const sdkServices = `
#include "edge_gateway_sdk_http.h"
#include "edge_gateway_sdk_sql.h"
#include "edge_gateway_sdk_cache.h"
#include "edge_gateway_sdk_storage.h"
#include "edge_gateway_sdk_email.h"
`

const sdkHandler = sdkServices + sdkServices + `
#include "edge_gateway_sdk.h"
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain",
                   eg_format(host, request, "%d", (int)eg_header(request, "x").len));
}
EG_HANDLER_UNLOADABLE("name", "version");
EG_ENTRY(answer);
`

func TestHeadersCompileAloneWithoutWarnings(t *testing.T) {
	compilers := []struct {
		name, language string
		standards      []string
		flags          []string
	}{
		{"gcc", "c", []string{"c11", "c17"}, nil},
		{"clang", "c", []string{"c11", "c17"}, nil},
		{"g++", "c++", []string{"c++17", "c++20"}, nil},
		{"clang++", "c++", []string{"c++17", "c++20"}, nil},
		{"g++", "c++", []string{"c++20"}, []string{"-fno-exceptions", "-fno-rtti"}},
		{"x86_64-w64-mingw32-gcc", "c", []string{"c11"}, nil},
	}
	sources := []struct{ name, text string }{{"abi", handler}, {"sdk", sdkHandler}}
	for _, c := range compilers {
		for _, standard := range c.standards {
			for _, source := range sources {
				t.Run(strings.Join(append([]string{c.name, standard, source.name}, c.flags...), "/"), func(t *testing.T) {
					object := filepath.Join(t.TempDir(), "handler.o")
					args := append([]string{"-x", c.language, "-std=" + standard, "-Wall", "-Wextra", "-pedantic",
						"-Werror", "-O1", "-c", "-", "-o", object}, include...)
					run(t, source.text, compiler(t, c.name), append(args, c.flags...)...)
				})
			}
		}
	}
}
