package toolchain_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

func TestCLibraryShowsHandlerSymbolsAlone(t *testing.T) {
	need(t, "cc")
	library, err := newToolchain(t, toolchain.Config{}).Build(t.Context(), project(t, "a.c", plainC))
	must(t, err)
	if shown := exports(t, library.Path); !slices.Equal(shown, []string{"handler_entry", "handler_info"}) {
		t.Errorf("exports %v", shown)
	}
	file, err := elf.Open(library.Path)
	must(t, err)
	defer file.Close()
	flags, err := file.DynValue(elf.DT_FLAGS)
	must(t, err)
	want := uint64(elf.DF_BIND_NOW | elf.DF_SYMBOLIC)
	if len(flags) != 1 || flags[0]&want != want {
		t.Errorf("dynamic flags %v, want %x in them", flags, want)
	}
}

func TestCBuild(t *testing.T) {
	const uses = `#include "part.h"
#include "sub/deep.h"
` + plainC + `
int32_t handler_init(const eg_host *host, const eg_init *init, void **self) {
  (void)host; (void)init; *self = 0;
  return part() + DEEP;
}
`
	const part = "#include \"part.h\"\nint part(void) { return 0; }\n"
	for _, test := range []struct {
		name   string
		files  []string
		output []string // parts of it; none: no output
		err    []string // parts of the message; none: no error
	}{
		{"several files and folders of headers", []string{
			"a.c", uses, "part.c", part, "part.h", "int part(void);\n", "sub/deep.h", "#define DEEP 0\n",
			"sub/ignored.c", "not C at all",
		}, nil, nil},
		{"a name like an option", []string{"-x.c", plainC}, nil, nil},
		{"a warning", []string{"a.c", plainC + "int f(void) { return \"text\"; }\n"}, []string{"a.c:9:", "warning"}, nil},
		{"an undefined symbol", []string{"a.c", plainC + "int g(void);\nint handler_g(void) __attribute__((visibility(\"default\")));\nint handler_g(void) { return g(); }\n"},
			nil, []string{"undefined reference"}},
		{"options", []string{"a.c", plainC + "#if X != 1\n#error X\n#endif\nint cosine(double);\n",
			"handler.toml", "[c]\nlibs = [\"m\"]\ncflags = [\"-DX=1\"]\n"}, nil, nil},
		{"empty options", []string{"a.c", plainC, "handler.toml", ""}, nil, nil},
		{"a library that is not there", []string{"a.c", plainC, "handler.toml", "[c]\nlibs = [\"not-there\"]\n"},
			nil, []string{"not-there"}},
		{"an option as a library", []string{"a.c", plainC, "handler.toml", "[c]\nlibs = [\"-lz\"]\n"},
			nil, []string{"handler.toml", `"-lz"`, `"z"`}},
		{"an unknown key", []string{"a.c", plainC, "handler.toml", "[c]\nlibs = []\nlib = [\"z\"]\n"},
			nil, []string{"handler.toml", "line 3", "c.lib"}},
		{"an unknown table", []string{"a.c", plainC, "handler.toml", "[cc]\nlibs = []\n"},
			nil, []string{"handler.toml", "line 1", "cc"}},
		{"no TOML", []string{"a.c", plainC, "handler.toml", "[c]\nlibs = [\n"},
			nil, []string{"handler.toml", "line"}},
		{"wrong type", []string{"a.c", plainC, "handler.toml", "[c]\nlibs = \"z\"\n"},
			nil, []string{"handler.toml", "line 2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			need(t, "cc")
			library, err := newToolchain(t, toolchain.Config{}).Build(t.Context(), project(t, test.files...))
			if test.err != nil {
				if err == nil {
					t.Fatal("no error")
				}
				contains(t, err.Error(), test.err...)
				return
			}
			must(t, err)
			checkHandler(t, library)
			contains(t, library.Output, test.output...)
			if test.output == nil && library.Output != "" {
				t.Errorf("output: %s", library.Output)
			}
		})
	}
}

func TestCompilerIsTheOneThatCCNames(t *testing.T) {
	need(t, "cc")
	tc := newToolchain(t, toolchain.Config{})
	dir := project(t, "a.c", plainC+"#ifndef FROM_CC\n#error no FROM_CC\n#endif\n")
	t.Setenv("CC", "cc -DFROM_CC")
	if _, err := tc.Build(t.Context(), dir); err != nil {
		t.Error(err)
	}
	t.Setenv("CC", "no-such-compiler -O3")
	_, err := tc.Build(t.Context(), dir)
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "no-such-compiler")
}

func TestGccAndClangAreFoundWithoutCC(t *testing.T) {
	for _, compiler := range []string{"gcc", "clang"} {
		t.Run(compiler, func(t *testing.T) {
			fakeCompiler(t, `
while [ "$1" != -o ]; do shift; done
echo "$0" > "$2"
`)
			bin := filepath.SplitList(os.Getenv("PATH"))[0]
			must(t, os.Rename(filepath.Join(bin, "cc"), filepath.Join(bin, compiler)))
			tc := newToolchain(t, toolchain.Config{})
			t.Setenv("PATH", bin)
			library, err := tc.Build(t.Context(), project(t, "a.c", ""))
			must(t, err)
			made, err := os.ReadFile(library.Path)
			must(t, err)
			contains(t, string(made), compiler)
		})
	}
}
