//go:build unix

package trial_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	constructor = "__attribute__((constructor)) static void early(void) "
	initHead    = "static int32_t begin(const eg_host *host, const eg_init *start, void **self) "
	initTail    = "\nEG_INIT(begin);\nEG_ENTRY(ok);\n"
	entryHead   = "static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) "
	entryTail   = "\nEG_ENTRY(answer);\n"
	endHead     = "static void end(const eg_host *host, void *self) "
	endTail     = "\nEG_SHUTDOWN(end);\nEG_ENTRY(ok);\n"
)

// Whatever a library does, the trial says what and where.
func TestBadLibrariesAreRefusedInWords(t *testing.T) {
	for _, test := range []struct {
		name, source string
		reason       string
		detail       []string
	}{
		{"crash in a constructor", constructor + "{ fputs(\"about to\\n\", stderr); crash(); }\nEG_ENTRY(ok);",
			"the library crashed with signal SIGSEGV while it was loaded, in a constructor", []string{"about to", "SIGSEGV"}},
		{"null pointer in init", initHead + "{ return *(volatile int32_t *)8; }" + initTail,
			"the library crashed with signal SIGSEGV in handler_init", nil},
		{"crash in the probe", entryHead + "{ eg_log(host, request, EG_LOG_INFO, \"to be or not\"); crash(); return 0; }" + entryTail,
			"the library crashed with signal SIGSEGV while it answered the probe GET /tried/1?x=y", []string{"info: to be or not"}},
		{"crash at the end", endHead + "{ crash(); }" + endTail,
			"the library crashed with signal SIGSEGV in handler_shutdown", nil},
		{"abort", initHead + "{ abort(); }" + initTail,
			"the library crashed with signal SIGABRT in handler_init", nil},
		{"crash by a signal that nobody catches", initHead + "{ signal(SIGSEGV, SIG_DFL); crash(); return 0; }" + initTail,
			"the library crashed with signal SIGSEGV in handler_init", nil},
		{"exit in init", initHead + "{ exit(0); }" + initTail,
			"the library ended its process with status 0 in handler_init", nil},
		{"exit in the probe", entryHead + "{ puts(\"bye\"); fflush(stdout); _exit(7); }" + entryTail,
			"the library ended its process with status 7 while it answered the probe GET /tried/1?x=y", []string{"bye"}},
		{"huge output", constructor + "{ for (int n = 0; n < 300000; n++) fprintf(stderr, \"line %d\\n\", n); abort(); }\nEG_ENTRY(ok);",
			"the library crashed with signal SIGABRT while it was loaded", []string{"line 299999"}},
		{"init refuses", initHead + "{ eg_log(host, NULL, EG_LOG_ERROR, \"the moon is full\"); return EG_E_UNAVAILABLE; }" + initTail,
			"the moon is full", []string{"error: the moon is full"}},
		{"answers 500", entryHead + "{ return eg_answer(host, request, response, 500, \"text/plain\", eg_text(\"oh no\")); }" + entryTail,
			"the probe GET /tried/1?x=y was answered with 500, and 200 to 399 is wanted", []string{"oh no"}},
		{"fails", entryHead + "{ response->message = eg_text(\"no luck\"); return EG_E_INTERNAL; }" + entryTail,
			"the probe GET /tried/1?x=y was answered with 500", []string{"no luck"}},
		{"needs a service", entryHead + "{ eg_op op = eg_cache_get_op(host, request, eg_cache(host, \"sessions\"), eg_text(\"k\")); return eg_run(host, request, &op, 1); }" + entryTail,
			"it asked for sessions-cache, and services are not there in a trial", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, compileC(t, test.source))
			r.Endpoint.Services = map[string]string{"sessions": "sessions-cache"}
			_, err := run(t, r)
			refused := refusal(t, err)
			if !strings.Contains(refused.Reason, test.reason) {
				t.Errorf("reason %q, want %q", refused.Reason, test.reason)
			}
			for _, want := range test.detail {
				if !strings.Contains(refused.Detail, want) {
					t.Errorf("detail lacks %q:\n%s", want, refused.Detail)
				}
			}
			if len(refused.Detail) > 32<<10 || strings.Contains(refused.Detail, "goroutine ") {
				t.Errorf("detail of %d bytes:\n%.2000s", len(refused.Detail), refused.Detail)
			}
		})
	}
}

func TestALibraryThatDoesNotReturnIsEndedAtTheLimit(t *testing.T) {
	for _, test := range []struct{ name, source, reason string }{
		{"constructor", constructor + "{ spin(); }\nEG_ENTRY(ok);", "while it was loaded, in a constructor"},
		{"init", initHead + "{ spin(); return 0; }" + initTail, "in handler_init"},
		{"probe", entryHead + "{ spin(); return 0; }" + entryTail, "while it answered the probe GET /tried/1?x=y"},
		{"shutdown", endHead + "{ pause(); }" + endTail, "in handler_shutdown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, compileC(t, test.source))
			r.Limit = 3 * time.Second // enough to come that far
			result, err := run(t, r)
			if refused := refusal(t, err); refused.Reason != "the trial failed: the library took longer than 3s "+test.reason {
				t.Error(refused.Reason)
			}
			if result.Took < r.Limit || result.Took > r.Limit+20*time.Second {
				t.Errorf("it took %v", result.Took)
			}
		})
	}
}

func TestWhatIsNoLibraryOfThisMachineIsRefusedUnloaded(t *testing.T) {
	dir := files(t, map[string]string{"text.so": "hello\n"})
	for _, test := range []struct{ library, reason string }{
		{filepath.Join(dir, "text.so"), `library "text.so" cannot be loaded`},
		{"../../../../abi/inspect/testdata/linux-arm64.elf", "it is for arm64"},
		{compileC(t, constructor+"{ crash(); }\nEG_ENTRY(ok);", "-Dhandler_abi_0_2=handler_abi_9_1"), "9.1"},
		{compileC(t, "void nowhere_to_be_found(void);\nvoid f(void) { nowhere_to_be_found(); }\nEG_ENTRY(ok);"), "nowhere_to_be_found"},
		{filepath.Join(dir, "absent.so"), "no such file"},
	} {
		_, err := run(t, request(t, test.library))
		if refused := refusal(t, err); !strings.Contains(refused.Reason, test.reason) || strings.Contains(refused.Reason, filepath.Dir(test.library)+"/") {
			t.Errorf("reason %q, want %q", refused.Reason, test.reason)
		}
	}
}

func TestAPanicInRustIsToldWithItsMessage(t *testing.T) {
	library := build(t, files(t, map[string]string{
		"Cargo.toml": "[package]\nname = \"tried\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\nedge-gateway-sdk = \"0.1\"\n",
		"src/lib.rs": "use edge_gateway_sdk::{handler, Request, Response};\nhandler!(answer);\nfn answer(r: &Request) -> Response {\n    if r.query().is_none() { panic!(\"no crab today\") }\n    fatal()\n}\nextern \"C\" fn fatal() -> ! { panic!(\"never a crab\") }\n",
	}))
	for path, want := range map[string][2]string{
		"/tried/1":     {"was answered with 500", "no crab today"},
		"/tried/1?x=y": {"crashed with signal SIGABRT while it answered the probe", "non-unwinding panic"},
	} {
		r := request(t, library)
		r.Endpoint.Probe.Path = path
		_, err := run(t, r)
		refused := refusal(t, err)
		if !strings.Contains(refused.Reason, want[0]) || !strings.Contains(refused.Detail, want[1]) {
			t.Errorf("%s: %s\n%s", path, refused.Reason, refused.Detail)
		}
	}
}

func TestAPanicInGoIsToldWithItsMessage(t *testing.T) {
	library := build(t, files(t, map[string]string{
		"go.mod":  "module tried\n\ngo 1.26\n\nrequire github.com/edge-gateway/edge-gateway/sdk-go v0.1.0\n",
		"main.go": "package main\n\nimport (\n\tedge \"github.com/edge-gateway/edge-gateway/sdk-go\"\n\t_ \"github.com/edge-gateway/edge-gateway/sdk-go/export\"\n)\n\nfunc init() { edge.Handle(answer) }\n\nfunc main() {}\n\nfunc answer(r *edge.Request) (*edge.Response, error) {\n\tif r.Query == \"x=y\" {\n\t\tgo func() { panic(\"no gopher today\") }()\n\t\tselect {}\n\t}\n\treturn edge.Text(200, \"fine\"), nil\n}\n",
	}))
	r := request(t, library)
	_, err := run(t, r)
	refused := refusal(t, err)
	if !strings.Contains(refused.Reason, "crashed while it answered the probe GET /tried/1?x=y: panic: no gopher today") || !strings.Contains(refused.Detail, "main.go:") {
		t.Errorf("%s\n%s", refused.Reason, refused.Detail)
	}
	r.Endpoint.Probe.Path = "/tried/1"
	if result, err := run(t, r); err != nil || result.Answer.Body != "fine" {
		t.Errorf("%v %v", result, err)
	}
}
