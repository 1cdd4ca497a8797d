package toolchain_test

import (
	"testing"
	"time"

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
			for range 3 {
				start := time.Now()
				free, err = tc.Build(t.Context(), dir)
				must(t, err)
				t.Log("free", time.Since(start))
			}
			for range 3 {
				start := time.Now()
				confined, err := tc.BuildRequest(t.Context(), toolchain.Request{Dir: dir, Confined: true})
				must(t, err)
				t.Log("confined", time.Since(start))
				if confined.Digest != free.Digest || confined.Output != free.Output {
					t.Errorf("confined %+v, free %+v", confined, free)
				}
				t.Log(confined.Isolation)
			}
		})
	}
}
