package inspect

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var handlerNames = []string{"handler_abi_0_2", "handler_entry", "handler_info"}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFixturesAreReadForWhatTheyAre(t *testing.T) {
	tests := []struct {
		file, format, system, arch string
		kind                       Kind
	}{
		{"linux-386.elf", ELF, "linux", "386", Library},
		{"linux-arm64.elf", ELF, "linux", "arm64", Library},
		{"linux-riscv64.elf", ELF, "linux", "riscv64", Library},
		{"linux-ppc64.elf", ELF, "linux", "ppc64", Library},
		{"windows-amd64.pe", PE, "windows", "amd64", Library},
		{"windows-arm64.pe", PE, "windows", "arm64", Library},
		{"windows-program-amd64.pe", PE, "windows", "amd64", Executable},
		{"darwin-amd64.macho", MachO, "darwin", "amd64", Library},
		{"darwin-arm64.macho", MachO, "darwin", "arm64", Library},
		{"darwin-object-arm64.macho", MachO, "darwin", "arm64", Object},
		{"darwin-program-arm64.macho", MachO, "darwin", "arm64", Executable},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			r, err := File(filepath.Join("testdata", test.file))
			if err != nil {
				t.Fatal(err)
			}
			if r.Format != test.format || r.OS != test.system || r.Arch != test.arch || r.Kind != test.kind {
				t.Errorf("got %s, %s, %s, %s", r.Format, r.OS, r.Arch, r.Kind)
			}
			if r.Go || r.Language != "c" || r.TextRel || r.StaticTLS || r.ExecStack || len(r.Needed) > 0 {
				t.Errorf("got %+v", r)
			}
			target := Target{OS: test.system, Arch: test.arch, ABI: ABI}
			if test.kind != Library {
				if err := r.Check(target); !errors.Is(err, ErrNotLibrary) || !strings.Contains(err.Error(), string(test.kind)) {
					t.Errorf("got %v", err)
				}
				return
			}
			if !slices.Equal(r.Handler, handlerNames) || r.Exports != 3 || !slices.Equal(r.ABI, []string{"0.2"}) {
				t.Errorf("exports %d, %v, ABI %v", r.Exports, r.Handler, r.ABI)
			}
			if err := r.Check(target); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUniversalFileIsJudgedByTheSliceForTheTarget(t *testing.T) {
	r, err := File("testdata/darwin-universal.macho")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Slices) != 2 || !strings.Contains(r.Arch, "amd64") || !strings.Contains(r.Arch, "arm64") {
		t.Fatalf("got %s, %d slices", r.Arch, len(r.Slices))
	}
	for _, arch := range []string{"amd64", "arm64"} {
		if err := r.Check(Target{OS: "darwin", Arch: arch, ABI: ABI}); err != nil {
			t.Error(err)
		}
		if got := r.slice(arch).Handler; !slices.Equal(got, handlerNames) {
			t.Errorf("%s exports %v", arch, got)
		}
	}
	if err := r.Check(Target{OS: "darwin", Arch: "ppc64", ABI: ABI}); !errors.Is(err, ErrSystem) || !strings.Contains(err.Error(), r.Arch) {
		t.Errorf("got %v", err)
	}
}

func TestLibrariesOfOtherSystemsAreRefusedWithTheirName(t *testing.T) {
	linux := Target{OS: "linux", Arch: "amd64", ABI: ABI}
	tests := []struct {
		file   string
		target Target
		words  []string
	}{
		{"windows-amd64.pe", linux, []string{"PE for windows", "linux/amd64"}},
		{"darwin-universal.macho", linux, []string{"Mach-O for darwin"}},
		{"linux-arm64.elf", linux, []string{"for arm64", "runs on amd64"}},
		{"linux-386.elf", linux, []string{"for 386"}},
		{"linux-riscv64.elf", linux, []string{"for riscv64"}},
		{"linux-arm64.elf", Target{OS: "darwin", Arch: "arm64", ABI: ABI}, []string{"ELF for linux", "darwin"}},
		{"linux-arm64.elf", Target{OS: "freebsd", Arch: "arm64", ABI: ABI}, []string{"linux", "freebsd"}},
		{"windows-arm64.pe", Target{OS: "windows", Arch: "amd64", ABI: ABI}, []string{"for arm64"}},
	}
	for _, test := range tests {
		r, err := Parse(fixture(t, test.file))
		if err != nil {
			t.Fatal(err)
		}
		err = r.Check(test.target)
		if !errors.Is(err, ErrSystem) {
			t.Errorf("%s on %v: %v", test.file, test.target, err)
			continue
		}
		for _, word := range test.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not say %q", test.file, err, word)
			}
		}
	}
}

// replaced returns a library in which one name in the export table is another
// of the same length.
func replaced(t *testing.T, file, old, new string) *Report {
	t.Helper()
	data := bytes.ReplaceAll(fixture(t, file), []byte(old), []byte(new))
	r, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMissingExportsAndOtherABIsAreRefused(t *testing.T) {
	tests := []struct {
		old, new string
		kind     error
		word     string
	}{
		{"handler_entry", "handler_ently", ErrExports, "handler_entry"},
		{"handler_info", "handler_inf0", ErrExports, "handler_info"},
		{"handler_", "hondler_", ErrExports, "handler_entry and handler_info"},
		{"handler_abi_0_2", "handler_abi_0_3", ErrABI, "it has 0.3 and this gateway has 0.2"},
		{"handler_abi_0_2", "handler_abi_1_0", ErrABI, "it has 1.0"},
	}
	files := map[string]Target{
		"linux-arm64.elf":    {OS: "linux", Arch: "arm64", ABI: ABI},
		"linux-ppc64.elf":    {OS: "linux", Arch: "ppc64", ABI: ABI},
		"windows-amd64.pe":   {OS: "windows", Arch: "amd64", ABI: ABI},
		"windows-arm64.pe":   {OS: "windows", Arch: "arm64", ABI: ABI},
		"darwin-arm64.macho": {OS: "darwin", Arch: "arm64", ABI: ABI},
	}
	for file, target := range files {
		for _, test := range tests {
			err := replaced(t, file, test.old, test.new).Check(target)
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.word) {
				t.Errorf("%s with %s: %v", file, test.new, err)
			}
		}
	}
	// The mark is optional: handler_info is asked after loading.
	if err := replaced(t, "linux-arm64.elf", "handler_abi_0_2", "hondler_abi_0_2").Check(files["linux-arm64.elf"]); err != nil {
		t.Error(err)
	}
}

func TestWindowsLibraryWithoutExportsIsRefused(t *testing.T) {
	data := fixture(t, "windows-amd64.pe")
	header := int(data[0x3c]) | int(data[0x3d])<<8
	clear(data[header+24+112 : header+24+120]) // the first directory: exports
	r, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(Target{OS: "windows", Arch: "amd64", ABI: ABI}); !errors.Is(err, ErrExports) || !strings.Contains(err.Error(), "exports nothing") {
		t.Errorf("got %v", err)
	}
}
