package toolchain_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []string
		want  toolchain.Language
		says  []string
	}{
		{"c", []string{"a.c", "", "a.h", ""}, toolchain.C, nil},
		{"rust", []string{"Cargo.toml", "", "src/lib.rs", ""}, toolchain.Rust, nil},
		{"go", []string{"go.mod", "", "main.go", ""}, toolchain.Go, nil},
		{"c below go is cgo's own", []string{"go.mod", "", "x/a.c", ""}, toolchain.Go, nil},
		{"nothing", nil, "", []string{"Cargo.toml", "go.mod", "*.c"}},
		{"an editor's lock", []string{".#a.c", ""}, "", []string{"*.c"}},
		{"headers alone", []string{"a.h", ""}, "", []string{"*.c"}},
		{"two", []string{"go.mod", "", "Cargo.toml", ""}, "", []string{"Cargo.toml (rust)", "go.mod (go)"}},
		{"three", []string{"go.mod", "", "Cargo.toml", "", "a.c", ""}, "", []string{"Cargo.toml", "go.mod", "a.c (c)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := toolchain.Detect(project(t, test.files...))
			if got != test.want {
				t.Errorf("language %q, want %q (%v)", got, test.want, err)
			}
			if (err != nil) != (test.says != nil) || err != nil && !errors.Is(err, toolchain.ErrLanguage) {
				t.Fatalf("error: %v", err)
			}
			if err != nil {
				contains(t, err.Error(), test.says...)
			}
		})
	}
	if _, err := toolchain.Detect(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

// What `new` writes builds, in a folder that is not touched, without a network
// and with every cache empty.
func TestNewProjectBuildsOfflineWithEmptyCaches(t *testing.T) {
	for _, language := range toolchain.Languages() {
		t.Run(string(language), func(t *testing.T) {
			need(t, programs[language]...)
			for _, proxy := range []string{"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"} {
				t.Setenv(proxy, "http://127.0.0.1:9") // nobody answers
			}
			t.Setenv("GOPROXY", "off")
			t.Setenv("GOSUMDB", "off")
			config := toolchain.Config{CargoHome: t.TempDir(), GoModCache: t.TempDir()}
			if language == toolchain.Go && !testing.Short() {
				config.GoCache = t.TempDir()
			}
			tc := newToolchain(t, config)
			dir := template(t, language)
			before := listing(t, dir)

			library, err := tc.Build(t.Context(), dir)
			must(t, err)
			checkHandler(t, library)
			if library.Language != language {
				t.Errorf("language %s", library.Language)
			}
			if library.Output != "" {
				t.Errorf("a clean build prints: %s", library.Output)
			}
			if !slices.Equal(before, listing(t, dir)) {
				t.Error("the source folder was written to")
			}

			again, err := tc.Build(t.Context(), dir)
			must(t, err)
			if again.Digest != library.Digest {
				t.Error("the same source gives another library")
			}
		})
	}
}

// What `new` writes answers: a driver in C loads the library as a host would.
func TestNewProjectAnswers(t *testing.T) {
	for _, language := range toolchain.Languages() {
		t.Run(string(language), func(t *testing.T) {
			need(t, programs[language]...)
			if runtime.GOOS == "windows" {
				t.Skip("the driver links to the library by its path")
			}
			library, err := newToolchain(t, toolchain.Config{}).Build(t.Context(), template(t, language))
			must(t, err)
			driver := filepath.Join(t.TempDir(), "driver")
			out, err := exec.Command("cc", "-std=c11", "-I../abi", "-I../sdk-c", "-o", driver,
				"../sdk-c/test/drive.c", "../sdk-c/test/fake_host.c", library.Path, "-lpthread").CombinedOutput()
			if err != nil {
				t.Fatalf("compile driver: %v: %s", err, out)
			}
			out, err = exec.Command(driver, "-p", "/hello/you", "-P", "name", "you").Output()
			must(t, err)
			if got := string(out); !strings.HasPrefix(got, "200\n") || !strings.HasSuffix(got, "\n\nHello, you!") {
				t.Errorf("answer %q", got)
			}
		})
	}
}

func TestFolderReachedByALink(t *testing.T) {
	for _, language := range []toolchain.Language{toolchain.C, toolchain.Rust} {
		t.Run(string(language), func(t *testing.T) {
			need(t, programs[language]...)
			dir := template(t, language)
			link := filepath.Join(t.TempDir(), "link")
			must(t, os.Symlink(dir, link))
			library, err := newToolchain(t, toolchain.Config{CacheDir: filepath.Join(dir, "cache")}).Build(t.Context(), link)
			must(t, err)
			checkHandler(t, library)
		})
	}
}

func TestChangedSourceGivesAnotherLibrary(t *testing.T) {
	main := map[toolchain.Language]string{toolchain.C: "handler.c", toolchain.Rust: "src/lib.rs", toolchain.Go: "handler.go"}
	for _, language := range toolchain.Languages() {
		t.Run(string(language), func(t *testing.T) {
			need(t, programs[language]...)
			tc := newToolchain(t, toolchain.Config{})
			dir := template(t, language)
			first, err := tc.Build(t.Context(), dir)
			must(t, err)

			// As an editor or a checkout may do it: a content of the same
			// length, with a time in the past.
			path := filepath.Join(dir, main[language])
			text, err := os.ReadFile(path)
			must(t, err)
			write(t, path, strings.Replace(string(text), "Hello, ", "Howdy, ", 1))
			must(t, os.Chtimes(path, time.Now(), time.Now().Add(-24*time.Hour)))
			second, err := tc.Build(t.Context(), dir)
			must(t, err)
			if second.Digest == first.Digest {
				t.Fatal("the change is not in the library")
			}
			if fileDigest(t, first.Path) != first.Digest {
				t.Error("the first library did not stay as it was")
			}

			write(t, path, string(text))
			third, err := tc.Build(t.Context(), dir)
			must(t, err)
			if third.Digest != first.Digest {
				t.Error("the first source again does not give the first library again")
			}
		})
	}
}

func TestSyntaxErrorIsReportedAndLeavesNothing(t *testing.T) {
	for _, test := range []struct {
		language toolchain.Language
		file     string
		place    string
	}{
		{toolchain.C, "handler.c", "handler.c:1:"},
		{toolchain.Rust, "src/lib.rs", "src/lib.rs:1:"},
		{toolchain.Go, "handler.go", "handler.go:1:"},
	} {
		t.Run(string(test.language), func(t *testing.T) {
			need(t, programs[test.language]...)
			cache := t.TempDir()
			tc := newToolchain(t, toolchain.Config{CacheDir: cache})
			dir := template(t, test.language)
			write(t, filepath.Join(dir, test.file), "what is this?\n")
			before := listing(t, dir)

			library, err := tc.Build(t.Context(), dir)
			var failed *toolchain.BuildError
			if library != nil || !errors.As(err, &failed) {
				t.Fatalf("library %v, error %v", library, err)
			}
			contains(t, failed.Output, test.place)
			contains(t, err.Error(), string(test.language), dir, test.place)
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
			if failed.Language != test.language || failed.Dir != dir {
				t.Errorf("error names %s and %s", failed.Language, failed.Dir)
			}
			for _, folder := range []string{"lib", "tmp"} {
				if left := names(t, filepath.Join(cache, folder)); len(left) > 0 {
					t.Errorf("left in %s: %v", folder, left)
				}
			}
			if !slices.Equal(before, listing(t, dir)) {
				t.Error("the source folder was written to")
			}
		})
	}
}

func TestMissingCompilerIsNamedWithAHint(t *testing.T) {
	for _, test := range []struct {
		language toolchain.Language
		program  string
	}{
		{toolchain.C, "cc, gcc or clang"},
		{toolchain.Rust, "cargo"},
		{toolchain.Go, "the go command"},
	} {
		t.Run(string(test.language), func(t *testing.T) {
			tc := newToolchain(t, toolchain.Config{})
			dir := template(t, test.language)
			t.Setenv("PATH", t.TempDir())
			t.Setenv("CC", "")
			_, err := tc.Build(t.Context(), dir)
			var missing *toolchain.MissingError
			if !errors.As(err, &missing) {
				t.Fatalf("error %v", err)
			}
			contains(t, missing.Program, test.program)
			contains(t, err.Error(), string(test.language), test.program, missing.Hint)
			if missing.Hint == "" || missing.Language != test.language {
				t.Errorf("%+v", missing)
			}
		})
	}
}

func TestGoAndRustMissTheirLinker(t *testing.T) {
	for _, test := range []struct {
		language toolchain.Language
		program  string
	}{{toolchain.Go, "go"}, {toolchain.Rust, "cargo"}} {
		t.Run(string(test.language), func(t *testing.T) {
			need(t, test.program)
			tc := newToolchain(t, toolchain.Config{})
			dir := template(t, test.language)
			path, err := exec.LookPath(test.program)
			must(t, err)
			// A folder of programs that holds this one and no C compiler.
			if cc, err := exec.LookPath(filepath.Join(filepath.Dir(path), "cc")); err == nil {
				t.Skipf("%s lies beside a C compiler, %s", test.program, cc)
			}
			t.Setenv("PATH", filepath.Dir(path))
			t.Setenv("CC", "")
			_, err = tc.Build(t.Context(), dir)
			var missing *toolchain.MissingError
			if !errors.As(err, &missing) {
				t.Fatalf("error %v", err)
			}
			contains(t, missing.Program, "C compiler")
		})
	}
}

func TestBuildToWritesWhereAsked(t *testing.T) {
	need(t, "cc")
	tc := newToolchain(t, toolchain.Config{})
	out := filepath.Join(t.TempDir(), "my"+toolchain.Extension())
	library, err := tc.BuildTo(t.Context(), project(t, "a.c", plainC), out)
	must(t, err)
	if library.Path != out || fileDigest(t, out) != library.Digest {
		t.Errorf("%+v", library)
	}
	if _, err := tc.BuildTo(t.Context(), project(t, "a.c", plainC), filepath.Join(out, "no", "folder")); err == nil {
		t.Error("no error although there is no such folder")
	}
	if left := names(t, filepath.Dir(out)); len(left) != 1 {
		t.Errorf("left beside the library: %v", left)
	}
}

func TestManyBuildsOfOneFolderAtOnce(t *testing.T) {
	for _, language := range []toolchain.Language{toolchain.C, toolchain.Rust} {
		t.Run(string(language), func(t *testing.T) {
			need(t, programs[language]...)
			cache := t.TempDir()
			dir := template(t, language)
			var wait sync.WaitGroup
			digests := make([]string, 4)
			for i := range digests { // each its own toolchain: as processes would
				wait.Go(func() {
					tc, err := toolchain.New(toolchain.Config{CacheDir: cache})
					if err != nil {
						t.Error(err)
						return
					}
					library, err := tc.Build(t.Context(), dir)
					if err != nil {
						t.Error(err)
						return
					}
					digests[i] = library.Digest
				})
			}
			wait.Wait()
			for _, digest := range digests {
				if digest != digests[0] {
					t.Fatalf("digests differ: %v", digests)
				}
			}
		})
	}
}

func TestNoMoreBuildsAtOnceThanAllowed(t *testing.T) {
	marks := t.TempDir()
	// Notes how many run: two at once see each other's mark.
	fakeCompiler(t, `
mkdir "`+marks+`/running" || { echo overlap; exit 1; }
sleep 0.05
rmdir "`+marks+`/running"
while [ "$1" != -o ]; do shift; done
echo library > "$2"
`)
	tc := newToolchain(t, toolchain.Config{Parallel: 1})
	var wait sync.WaitGroup
	for range 4 {
		dir := project(t, "a.c", "")
		wait.Go(func() {
			if _, err := tc.Build(t.Context(), dir); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func TestWaitingForOtherBuildsEndsWithTheContext(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	must(t, exec.Command("mkfifo", started).Run())
	fakeCompiler(t, `echo started > "`+started+`"; sleep 60`)
	tc := newToolchain(t, toolchain.Config{Parallel: 1})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	slow := project(t, "a.c", "")
	go func() {
		_, err := tc.Build(ctx, slow)
		first <- err
	}()
	if _, err := os.ReadFile(started); err != nil { // waits for the compiler
		t.Fatal(err)
	}
	waiting, stop := context.WithCancel(t.Context())
	stop()
	if _, err := tc.Build(waiting, project(t, "a.c", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting build: %v", err)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("canceled build: %v", err)
	}
}
