package inspect

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestLibcIsFoundAmongWhatIsLoaded(t *testing.T) {
	tests := []struct{ maps, libc string }{
		{"", ""},
		{"7f0000000000-7f0000001000 r-xp 00000000 08:01 1  [vdso]\n", ""},
		{"7f0000000000-7f0000001000 r-xp 00000000 08:01 1  /lib/ld-musl-x86_64.so.1\n", "musl"},
		{"7f0000000000-7f0000001000 r-xp 00000000 08:01 1  /none/libc.so.6\n", "glibc"},
		{"7f0000000000-7f0000001000 r-xp 00000000 08:01 1  /lib/not-libc.so.6\n", ""},
	}
	for _, test := range tests {
		if libc, _ := loadedLibc([]byte(test.maps)); libc != test.libc {
			t.Errorf("%q: got %q", test.maps, libc)
		}
	}
}

func TestVersionOfGlibcIsReadFromItself(t *testing.T) {
	found, _ := filepath.Glob("/lib/*-linux-gnu/libc.so.6")
	if len(found) == 0 {
		t.Skip("this system has no glibc where it is expected")
	}
	libc, version := loadedLibc([]byte("0-1 r-xp 0 08:01 1  " + found[0] + "\n"))
	if libc != "glibc" || !laterVersion(version, "2.16") {
		t.Errorf("got %q, %q", libc, version)
	}
}

func TestVersionsAreComparedAsNumbers(t *testing.T) {
	for _, test := range []struct {
		a, b  string
		later bool
	}{
		{"2.34", "2.4", true}, {"2.4", "2.34", false}, {"2.34", "2.34", false},
		{"2.2.5", "2.2", true}, {"2.2", "2.2.5", false}, {"2.0", "", true}, {"", "2.0", false}, {"3", "2.99", true},
	} {
		if laterVersion(test.a, test.b) != test.later {
			t.Errorf("%s later than %s: want %v", test.a, test.b, test.later)
		}
	}
	for _, symbol := range []string{"GLIBC_PRIVATE", "GLIBCXX_3.4", "GLIBC_", "GLIBC_2.x", "GLIBC_99999999999999999999"} {
		if got := laterGlibc("2.2", symbol); got != "2.2" {
			t.Errorf("%s made it %s", symbol, got)
		}
	}
}

func TestAnotherOrAnOlderLibcIsRefused(t *testing.T) {
	report := &Report{Format: ELF, OS: "linux", Arch: "amd64", Kind: Library, Handler: handlerNames, Libc: "glibc", Glibc: "2.38"}
	tests := []struct{ libc, glibc, word string }{
		{"glibc", "2.36", "it needs glibc 2.38 and this system has 2.36"},
		{"musl", "", "it needs the C library glibc and this gateway runs on musl"},
		{"glibc", "2.38", ""},
		{"glibc", "", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		err := report.Check(Target{OS: "linux", Arch: "amd64", Libc: test.libc, Glibc: test.glibc, ABI: ABI})
		if test.word == "" && err != nil || test.word != "" && (!errors.Is(err, ErrSystem) || !strings.Contains(err.Error(), test.word)) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestGoIsRefusedWhereTwoRuntimesDoNotWork(t *testing.T) {
	for system, format := range map[string]string{"windows": PE, "darwin": MachO, "freebsd": ELF} {
		report := &Report{Format: format, OS: system, Arch: "arm64", Kind: Library, Handler: handlerNames, Go: true}
		err := report.Check(Target{OS: system, Arch: "arm64", ABI: ABI})
		if !errors.Is(err, ErrSystem) || !strings.Contains(err.Error(), "not on "+system) {
			t.Errorf("%s: %v", system, err)
		}
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	report := &Report{Format: ELF, OS: "linux", Arch: "amd64", Kind: Library, ABI: []string{"0.9"}, TextRel: true}
	problems := report.Problems(Target{OS: "linux", Arch: "amd64", ABI: ABI})
	if len(problems) != 3 {
		t.Fatalf("got %v", problems)
	}
	for _, kind := range []error{ErrExports, ErrABI, ErrUnsafe} {
		if !errors.Is(errors.Join(problems...), kind) {
			t.Errorf("%v is missing in %v", kind, problems)
		}
	}
}
