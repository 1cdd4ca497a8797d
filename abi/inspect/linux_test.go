package inspect

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// tool finds a program or skips the test; with EDGE_GATEWAY_TEST_REQUIRE_ALL=1
// a missing one is a failure.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatalf("%s is missing and everything is required", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

func onLinux(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("compiles for Linux with the compiler of the system")
	}
}

func run(t testing.TB, environment []string, name string, args ...string) {
	t.Helper()
	command := exec.Command(name, args...)
	command.Env = append(os.Environ(), environment...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// compile makes a library of C source with the system's compiler.
func compile(t testing.TB, source string, flags ...string) string {
	t.Helper()
	onLinux(t)
	cc := tool(t, "gcc")
	library := filepath.Join(t.TempDir(), "library.so")
	args := append([]string{"-I", "..", "-o", library, source}, flags...)
	run(t, nil, cc, args...)
	return library
}

// handler compiles the fixtures' source with more source behind it.
func handler(t testing.TB, more string, flags ...string) *Report {
	t.Helper()
	source := write(t, "handler.c", string(fixture(t, "handler.c"))+more)
	return inspected(t, compile(t, source, append([]string{"-shared", "-fPIC", "-O2"}, flags...)...))
}

func inspected(t testing.TB, path string) *Report {
	t.Helper()
	r, err := File(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func smallLibrary(f *testing.F) []byte {
	if _, err := exec.LookPath("gcc"); err != nil || runtime.GOOS != "linux" {
		return fixture(f, "linux-arm64.elf")
	}
	data, err := os.ReadFile(compile(f, "testdata/handler.c", "-shared", "-fPIC", "-nostdlib", "-s"))
	if err != nil {
		f.Fatal(err)
	}
	return data
}

func TestLibraryOfThisSystemIsAccepted(t *testing.T) {
	r := handler(t, "\n#include <stdio.h>\nEG_EXPORT void more(void) { puts(\"more\"); }\n")
	if err := r.Check(Host()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Handler, handlerNames) || r.Exports != 4 || r.Language != "c" {
		t.Errorf("got %+v", r)
	}
	if slices.Contains(r.Needed, "libc.so.6") && (r.Libc != "glibc" || r.Glibc == "") {
		t.Errorf("needs %v, libc %q, glibc %q", r.Needed, r.Libc, r.Glibc)
	}
}

func TestPropertiesOfALibraryAreSeen(t *testing.T) {
	amd64 := func(t *testing.T) {
		if runtime.GOARCH != "amd64" {
			t.Skip("written for amd64")
		}
	}
	t.Run("constructors", func(t *testing.T) {
		plain := handler(t, "").InitCount
		more := handler(t, "\n__attribute__((constructor)) static void a(void) { __asm__(\"\"); }"+
			"\n__attribute__((constructor)) static void b(void) { __asm__(\"\"); }\n").InitCount
		if more != plain+2 {
			t.Errorf("%d, with two more %d", plain, more)
		}
	})
	t.Run("static thread-locals", func(t *testing.T) {
		if handler(t, "").StaticTLS || !handler(t, "\n__thread int local;\nEG_EXPORT int *more(void) { return &local; }\n",
			"-ftls-model=initial-exec").StaticTLS {
			t.Error("not told apart")
		}
	})
	t.Run("executable stack", func(t *testing.T) {
		r := handler(t, "", "-Wl,-z,execstack")
		if err := r.Check(Host()); !r.ExecStack || !errors.Is(err, ErrUnsafe) {
			t.Errorf("%v, %v", r.ExecStack, err)
		}
	})
	t.Run("text relocations", func(t *testing.T) {
		amd64(t)
		r := handler(t, "\nextern int other;\n__asm__(\".text\\nmovabs $other, %rax\\n\");\n", "-Wl,-z,notext")
		if err := r.Check(Host()); !r.TextRel || !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "-fPIC") {
			t.Errorf("%v, %v", r.TextRel, err)
		}
	})
	t.Run("data in place of a function", func(t *testing.T) {
		library := compile(t, write(t, "data.c", "int handler_entry = 1;\nvoid handler_info(void) {}\n"), "-shared", "-fPIC")
		if err := inspected(t, library).Check(Host()); !errors.Is(err, ErrExports) || !strings.Contains(err.Error(), "as data") {
			t.Error(err)
		}
	})
	t.Run("hidden", func(t *testing.T) {
		library := compile(t, write(t, "hidden.c", "void handler_entry(void) {}\nvoid handler_info(void) {}\n"),
			"-shared", "-fPIC", "-fvisibility=hidden")
		if err := inspected(t, library).Check(Host()); !errors.Is(err, ErrExports) {
			t.Error(err)
		}
	})
	t.Run("old hash table", func(t *testing.T) {
		if r := handler(t, "", "-Wl,--hash-style=sysv"); r.Check(Host()) != nil || r.Exports != 3 {
			t.Errorf("got %+v", r)
		}
	})
}

func TestWhatIsNoLibraryIsNamed(t *testing.T) {
	program := write(t, "main.c", "int main(void) { return 0; }\nvoid handler_entry(void) {}\nvoid handler_info(void) {}\n")
	for kind, flags := range map[Kind][][]string{
		Executable: {{"-pie", "-fPIE", "-rdynamic"}, {"-no-pie", "-rdynamic"}},
		Object:     {{"-c"}},
	} {
		for _, flag := range flags {
			r := inspected(t, compile(t, program, flag...))
			if err := r.Check(Host()); !errors.Is(err, ErrNotLibrary) || !strings.Contains(err.Error(), string(kind)) {
				t.Errorf("%v: %v", flag, err)
			}
		}
	}
}

func TestGoLibrariesAreKnownHoweverStripped(t *testing.T) {
	onLinux(t)
	tool(t, "gcc")
	folder := t.TempDir()
	source := "package main\n\nimport \"C\"\n\n//export handler_entry\nfunc handler_entry() int32 { return 0 }\n\n" +
		"//export handler_info\nfunc handler_info() uintptr { return 0 }\n\nfunc main() {}\n"
	for name, text := range map[string]string{"go.mod": "module fixture\n\ngo 1.26\n", "main.go": source} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, flags := range []string{"", "-s -w", "-s -w -buildid="} {
		library := filepath.Join(folder, "library.so")
		run(t, []string{"CGO_ENABLED=1"}, tool(t, "go"), "build", "-C", folder, "-buildmode=c-shared", "-ldflags="+flags, "-o", library)
		stripped := filepath.Join(folder, "stripped.so")
		run(t, nil, tool(t, "strip"), "-s", "-o", stripped, library)
		bare := filepath.Join(folder, "bare.so")
		withoutSections(t, stripped, bare)
		for _, path := range []string{library, stripped, bare} {
			r := inspected(t, path)
			if !r.Go || r.Language != "go" || !r.StaticTLS {
				t.Errorf("%q, %s: Go %v, %s, static TLS %v", flags, filepath.Base(path), r.Go, r.Language, r.StaticTLS)
			}
			if err := r.Check(Target{OS: "linux", Arch: runtime.GOARCH, Libc: "glibc", ABI: ABI}); err != nil {
				t.Errorf("%q, %s: %v", flags, filepath.Base(path), err)
			}
			if err := r.Check(Target{OS: "linux", Arch: runtime.GOARCH, Libc: "musl", ABI: ABI}); !errors.Is(err, ErrSystem) ||
				!strings.Contains(err.Error(), "it is written in Go") {
				t.Errorf("%q, %s on musl: %v", flags, filepath.Base(path), err)
			}
		}
	}
}

// Programs, since linking a library for these systems takes more than Go.
func TestGoIsKnownInTheFormatsOfOtherSystems(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the runtime of Go for other systems")
	}
	source := write(t, "main.go", "package main\n\nfunc main() {}\n")
	for _, test := range []struct{ system, arch, format string }{
		{"darwin", "arm64", MachO}, {"darwin", "amd64", MachO}, {"windows", "amd64", PE}, {"windows", "arm64", PE},
	} {
		t.Run(test.system+"/"+test.arch, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "program")
			run(t, []string{"CGO_ENABLED=0", "GOOS=" + test.system, "GOARCH=" + test.arch},
				tool(t, "go"), "build", "-ldflags=-s -w", "-o", program, source)
			r := inspected(t, program)
			if !r.Go || r.Language != "go" || r.Format != test.format || r.OS != test.system || r.Arch != test.arch || r.Kind != Executable {
				t.Errorf("got %s for %s/%s, %s, %s", r.Format, r.OS, r.Arch, r.Kind, r.Language)
			}
			if len(r.Needed) == 0 {
				t.Error("needs no library")
			}
		})
	}
}

// withoutSections writes a copy that has no table of sections, which no loader
// needs.
func withoutSections(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	clear(data[40:48])
	clear(data[60:64])
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOtherLanguagesAreGuessed(t *testing.T) {
	onLinux(t)
	t.Run("rust", func(t *testing.T) {
		source := write(t, "lib.rs", "#[no_mangle]\npub extern \"C\" fn handler_entry(x: usize) -> u8 { [1u8, 2][x] }\n")
		library := filepath.Join(t.TempDir(), "library.so")
		run(t, nil, tool(t, "rustc"), "--crate-type=cdylib", "-O", "-Cstrip=symbols", "-o", library, source)
		if r := inspected(t, library); r.Language != "rust" || r.Go {
			t.Errorf("got %s", r.Language)
		}
	})
	t.Run("c++", func(t *testing.T) {
		source := write(t, "lib.cpp", "extern \"C\" void handler_entry() { try { throw 1; } catch (...) {} }\n")
		library := filepath.Join(t.TempDir(), "library.so")
		run(t, nil, tool(t, "g++"), "-shared", "-fPIC", "-s", "-o", library, source)
		if r := inspected(t, library); r.Language != "c++" {
			t.Errorf("got %s", r.Language)
		}
	})
}

// The standard library's reader, which is safe for files that are trusted, is
// the judge of this one.
func TestReportAgreesWithTheStandardLibrary(t *testing.T) {
	paths := []string{compile(t, "testdata/handler.c", "-shared", "-fPIC")}
	for _, pattern := range []string{"libc.so.6", "libz.so.1", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"} {
		found, _ := filepath.Glob("/lib/*-linux-gnu/" + pattern)
		paths = append(paths, found...)
	}
	for _, path := range paths {
		r := inspected(t, path)
		file, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		symbols, err := file.DynamicSymbols()
		if err != nil {
			t.Fatal(err)
		}
		exports := 0
		for _, symbol := range symbols {
			visibility := elf.ST_VISIBILITY(symbol.Other)
			if symbol.Section != elf.SHN_UNDEF && elf.ST_BIND(symbol.Info) != elf.STB_LOCAL &&
				(visibility == elf.STV_DEFAULT || visibility == elf.STV_PROTECTED) {
				exports++
			}
		}
		needed, err := file.ImportedLibraries()
		if err != nil || r.Exports != exports || !slices.Equal(r.Needed, needed) {
			t.Errorf("%s: %d exports, needs %v; want %d, %v (%v)", path, r.Exports, r.Needed, exports, needed, err)
		}
		glibc := ""
		// An error: the file has no versions.
		versions, _ := file.DynamicVersionNeeds()
		for _, library := range versions {
			for _, version := range library.Needs {
				glibc = laterGlibc(glibc, version.Dep)
			}
		}
		if r.Glibc != glibc && r.Glibc != "2.36" { // 2.36 may come from a relocation format
			t.Errorf("%s needs glibc %q, want %q", path, r.Glibc, glibc)
		}
	}
}
