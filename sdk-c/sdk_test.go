package sdkc

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// warnings is what the headers and every sample compile under.
var warnings = []string{"-Wall", "-Wextra", "-pedantic", "-Werror"}

// sanitizers find a read beyond an end, a leak and undefined behaviour, and
// make them fail the test.
var sanitizers = []string{"-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}

// compiler finds a compiler or skips the test. With
// EDGE_GATEWAY_TEST_REQUIRE_ALL=1 a missing one is a failure; clang is a second
// opinion and may be missing.
func compiler(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" && !strings.HasPrefix(name, "clang") {
			t.Fatalf("%s is missing; install it (apt-get install gcc g++)", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

func run(t *testing.T, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	command := exec.Command(name, args...)
	command.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes()
}

// sources lists the C files of a sample.
func sources(t *testing.T, sample string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("examples", sample, "*.c"))
	if err != nil || len(files) == 0 {
		t.Fatalf("sample %s has no C file (%v)", sample, err)
	}
	return files
}

// libs are the linker flags that a sample's handler.toml asks for.
var libs = map[string][]string{"gzip": {"-lz"}, "pending": {"-lpthread"}}

// build compiles and links a program, and returns its path.
func build(t *testing.T, cc string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	args := append([]string{"-I", "../abi", "-I", ".", "-I", "test", "-o", program}, warnings...)
	run(t, nil, cc, append(args, flags...)...)
	return program
}

func TestHelpersKeepTheirPromises(t *testing.T) {
	programs := map[string][]string{
		"arena":     {"test/arena_test.c"},
		"request":   {"test/request_test.c"},
		"answer":    {"test/answer_test.c"},
		"later":     {"test/later_test.c"},
		"operation": {"test/operation_test.c"},
		"sql":       {"test/sql_test.c"},
		"cache":     {"test/cache_test.c"},
		"storage":   {"test/storage_test.c"},
		"http":      {"test/http_test.c"},
		"email":     {"test/email_test.c"},
		"pending":   {"test/pending_test.c", "examples/pending/pending.c", "examples/pending/queue.c", "-I", "examples/pending"},
		"contact":   {"test/contact_test.c", "examples/contact/contact.c", "examples/contact/form.c", "-I", "examples/contact"},
	}
	kinds := []struct {
		name, cc string
		flags    []string
	}{
		{"gcc", "gcc", []string{"-O2"}},
		{"clang", "clang", []string{"-O2"}},
		{"sanitized", "gcc", sanitizers},
	}
	for _, kind := range kinds {
		for name, files := range programs {
			t.Run(kind.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				args := append([]string{"-std=c11", "test/fake_host.c"}, files...)
				args = append(args, kind.flags...)
				run(t, nil, build(t, compiler(t, kind.cc), append(args, "-lpthread")...))
			})
		}
	}
}

func TestPendingSampleHasNoDataRace(t *testing.T) {
	program := build(t, compiler(t, "gcc"), "-std=c11", "-g", "-fsanitize=thread", "-I", "examples/pending",
		"test/pending_test.c", "test/fake_host.c", "examples/pending/pending.c", "examples/pending/queue.c", "-lpthread")
	// Without address randomisation, which some kernels do in a way that this
	// sanitizer cannot map.
	if setarch, err := exec.LookPath("setarch"); err == nil {
		run(t, nil, setarch, "-R", program)
		return
	}
	run(t, nil, program)
}

func TestExceptionsStayInside(t *testing.T) {
	object := filepath.Join(t.TempDir(), "fake_host.o")
	run(t, nil, compiler(t, "gcc"), "-std=c11", "-I", "../abi", "-I", ".", "-c", "test/fake_host.c", "-o", object)
	for _, cxx := range []string{"g++", "clang++"} {
		for _, standard := range []string{"c++17", "c++20"} {
			t.Run(cxx+"/"+standard, func(t *testing.T) {
				flags := []string{"-std=" + standard, "test/exceptions_test.cpp", object, "-lpthread"}
				if cxx == "g++" {
					flags = append(flags, sanitizers...)
				}
				run(t, nil, build(t, compiler(t, cxx), flags...))
			})
		}
	}
}

// The command is the one that the documentation gives.
func TestSamplesBuildAsLibrariesThatExportTheHandlerAlone(t *testing.T) {
	folders, err := os.ReadDir("examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) {
			library := filepath.Join(t.TempDir(), "handler.so")
			args := strings.Fields("-std=c11 -Wall -Wextra -Werror -shared -fPIC -O2 -fvisibility=hidden " +
				"-Wl,-z,defs -Wl,-z,now -I ../abi -I . -o " + library)
			args = append(args, sources(t, folder.Name())...)
			run(t, nil, compiler(t, "cc"), append(args, libs[folder.Name()]...)...)
			symbols := string(run(t, nil, compiler(t, "nm"), "-D", "--defined-only", "-j", library))
			for _, symbol := range strings.Fields(symbols) {
				if !strings.HasPrefix(symbol, "handler_") {
					t.Errorf("exports %s", symbol)
				}
			}
			for _, symbol := range []string{"handler_info", "handler_entry", "handler_abi_0_2"} {
				if !strings.Contains(symbols, symbol) {
					t.Errorf("does not export %s", symbol)
				}
			}
		})
	}
}

func TestEmbeddedHeadersAreThoseOnDisk(t *testing.T) {
	paths, err := filepath.Glob("*.h")
	if err != nil || len(paths) < 6 {
		t.Fatalf("found %q (%v)", paths, err)
	}
	for _, path := range paths {
		embedded, err := Files.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		onDisk, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(embedded, onDisk) {
			t.Fatalf("%s differs (%v)", path, err)
		}
	}
}

// sample is a program that sends one request to a sample, under sanitizers.
type sample struct {
	t       *testing.T
	program string
}

func driven(t *testing.T, name string) sample {
	t.Helper()
	flags := append([]string{"-std=c11", "test/drive.c", "test/fake_host.c"}, sources(t, name)...)
	flags = append(append(flags, sanitizers...), libs[name]...)
	return sample{t, build(t, compiler(t, "gcc"), append(flags, "-lpthread")...)}
}

// send returns the status with the headers, and the body.
func (s sample) send(body []byte, args ...string) (head, answer string) {
	s.t.Helper()
	head, answer, found := strings.Cut(string(run(s.t, body, s.program, args...)), "\n\n")
	if !found {
		s.t.Fatalf("the driver printed no answer: %q", head)
	}
	return head, answer
}

func (s sample) expect(wantHead, wantAnswer string, body []byte, args ...string) {
	s.t.Helper()
	head, answer := s.send(body, args...)
	if head != wantHead || answer != wantAnswer {
		s.t.Errorf("%q: got %q, %q; want %q, %q", args, head, answer, wantHead, wantAnswer)
	}
}

const plainText = "content-type: text/plain; charset=utf-8"

func ok(headers ...string) string { return fmt.Sprint("200\n", strings.Join(headers, "\n")) }
