package ring_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/ring"
)

func TestRingKeepsTheEnd(t *testing.T) {
	for limit := range 8 {
		for size := 1; size < 12; size++ { // of one write
			r := ring.Ring{Limit: limit}
			var all strings.Builder
			for i := range 9 {
				part := strings.Repeat(fmt.Sprint(i), size)
				all.WriteString(part)
				if n, err := r.Write([]byte(part)); n != size || err != nil {
					t.Fatal(n, err)
				}
				want := all.String()[max(0, all.Len()-limit):]
				if got := string(r.Bytes()); got != want || r.Len() != len(want) {
					t.Fatalf("limit %d, writes of %d: %q, want %q", limit, size, got, want)
				}
				if r.Dropped != int64(all.Len()-len(want)) {
					t.Fatalf("limit %d, writes of %d: dropped %d", limit, size, r.Dropped)
				}
			}
		}
	}
}
