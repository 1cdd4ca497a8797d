package toolchain

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestHiddenFoldersAreLeftOut(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"a/b/secret/deep", "a/b/open", "a/c", "d"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at := func(names ...string) []string {
		var paths []string
		for _, name := range names {
			paths = append(paths, filepath.Join(root, name))
		}
		return paths
	}
	for _, test := range []struct {
		path   string
		hidden []string
		want   []string
	}{
		{"a", nil, at("a")},
		{"d", at("a/b/secret"), at("d")},
		{"a", at("a/b/secret"), at("a/b/open", "a/c")},
		{"a/b/secret", at("a/b/secret"), nil},
		{"a/b/secret/deep", at("a/b/secret"), nil},
		{"a", at("a/b", "a/c"), nil},
		{"a/b", at("a/b/sec"), at("a/b/open", "a/b/secret")}, // a name that begins alike
	} {
		got := leaveOut(filepath.Join(root, test.path), test.hidden)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s without %v: %v", test.path, test.hidden, got)
		}
	}
}

func TestOutermostFolders(t *testing.T) {
	got := outermost([]string{"/data/build", "/data", "/data", "/database", "/x/y"})
	if want := []string{"/data", "/database", "/x/y"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
