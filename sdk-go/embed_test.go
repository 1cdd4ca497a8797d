package edge

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryFileOfTheSDKIsEmbeddedAndNothingElse(t *testing.T) {
	var want []string
	for _, pattern := range []string{"*.go", "backend/*", "export/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if name != "embed.go" && !strings.HasSuffix(name, "_test.go") {
				want = append(want, filepath.ToSlash(name))
			}
		}
	}
	var got []string
	err := fs.WalkDir(Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			got = append(got, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("embedded %q, in the folder %q", got, want)
	}
}

func TestTheSDKNeedsNoOtherModule(t *testing.T) {
	err := fs.WalkDir(Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		source, err := os.ReadFile(name)
		for line := range strings.Lines(string(source)) {
			_, path, quoted := strings.Cut(line, `"`)
			imports := quoted && (strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "import")) && strings.HasSuffix(strings.TrimSpace(line), `"`)
			first, _, _ := strings.Cut(path, "/")
			if imports && strings.Contains(first, ".") && !strings.HasPrefix(path, "github.com/edge-gateway/edge-gateway/sdk-go") {
				t.Errorf("%s imports %s", name, strings.TrimSpace(line))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
