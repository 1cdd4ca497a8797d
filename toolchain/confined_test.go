package toolchain_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

func TestConfinedBuildMakesTheSameLibrary(t *testing.T) {
	for _, language := range toolchain.Languages() {
		t.Run(string(language), func(t *testing.T) {
			need(t, programs[language]...)
			tc := newToolchain(t, toolchain.Config{})
			dir := template(t, language)
			free, err := tc.Build(t.Context(), dir)
			must(t, err)
			confined, err := tc.BuildRequest(t.Context(), toolchain.Request{Dir: dir, Confined: true})
			must(t, err)
			if confined.Digest != free.Digest || confined.Output != free.Output {
				t.Errorf("confined %+v, free %+v", confined, free)
			}
			if len(free.Isolation) > 0 {
				t.Errorf("the free build is said to be confined: %v", free.Isolation)
			}
			noNetwork := slices.Contains(confined.Isolation, "no-network") || slices.Contains(confined.Isolation, "no-tcp")
			if noNetwork && language == toolchain.Go {
				t.Errorf("go may get modules, and yet there is %v", confined.Isolation)
			}
		})
	}
}

// The cache is elsewhere, by a link in a folder that is hidden, and there is no
// home folder in the environment.
func TestConfinedBuildInACacheBehindALink(t *testing.T) {
	need(t, programs[toolchain.Rust]...)
	data, disk := t.TempDir(), t.TempDir()
	cache := filepath.Join(data, "build")
	if err := os.Symlink(disk, cache); err != nil {
		t.Skip(err)
	}
	t.Setenv("HOME", "")
	tc := newToolchain(t, toolchain.Config{CacheDir: cache, Exclude: []string{data}, Offline: true})
	library, err := tc.BuildRequest(t.Context(), toolchain.Request{Dir: template(t, toolchain.Rust), Confined: true})
	must(t, err)
	checkHandler(t, library)
}

// A project that is unpacked into another folder each time goes on where it
// left off, and is not mixed up with others.
func TestStageIsThatOfTheProject(t *testing.T) {
	need(t, programs[toolchain.Rust]...)
	cache := t.TempDir()
	tc := newToolchain(t, toolchain.Config{CacheDir: cache, Offline: true})
	for _, stage := range []string{"endpoints/orders", "endpoints/orders", "other/orders"} {
		_, err := tc.BuildRequest(t.Context(), toolchain.Request{Dir: template(t, toolchain.Rust), Stage: stage})
		must(t, err)
	}
	if stages := names(t, filepath.Join(cache, "stage")); len(stages) != 2 {
		t.Errorf("stages %v", stages)
	}
}
