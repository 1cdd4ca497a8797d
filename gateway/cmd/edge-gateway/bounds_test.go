package main

import (
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
)

func TestBoundsOfMemoryThatCannotHoldAreTold(t *testing.T) {
	const gib = 1 << 30
	for _, test := range []struct {
		name   string
		chosen config.Server
		there  int64
		says   []string
	}{
		{"nothing chosen", config.Server{}, 4 * gib, nil},
		{"nothing known", config.Server{}, 0, nil},
		{"both chosen", config.Server{Memory: 2 * gib, RecycleMemory: gib}, 4 * gib, nil},
		{"recycled above the default", config.Server{RecycleMemory: 3 * gib}, 4 * gib, []string{"recycle_memory is 3072 MiB, and requests are refused above 3072 MiB"}},
		{"more than there is", config.Server{Memory: 8 * gib, RecycleMemory: gib}, 4 * gib, []string{"memory is 8192 MiB, and there are 4096 MiB"}},
		{"both are", config.Server{Memory: 16 * gib}, 4 * gib, []string{"memory is 16384 MiB", "recycle_memory is 8192 MiB, and there are"}},
		{"unknown how much there is", config.Server{Memory: 16 * gib}, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var o gateway.Options
			boundMemory(&o, test.chosen, test.there)
			said := questionable(o, test.there)
			if len(said) != len(test.says) {
				t.Fatalf("%q", said)
			}
			for n, want := range test.says {
				if !strings.HasPrefix(said[n], want) {
					t.Errorf("%q is not %q", said[n], want)
				}
			}
		})
	}
}
