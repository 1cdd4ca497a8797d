package storagetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// OddKeys are keys that many a backend stumbles over.
func OddKeys() []string {
	keys := []string{
		"a", "a/b", "a/b/c", "a-b", "a0", "ab", "A", "A/b", "con", "con.txt", "aux/nul", "lpt1", "com9.tar.gz",
		".", "..", "../x", "a/../b", "./a", "a/./b", "a//b", "//", "/", "/a", "a/", "a/b/", ".hidden", "-rf", "~",
		"trailing.", "trailing ", " leading", "dots...", "100%", "%41", "%2e%2e", "a+b", "a=b", "x+", "x=", "x%", "%",
		"back\\slash", "colon:", "star*", "quote\"", "<>|?", "semi;colon&amp", "#hash", "tab\t", "new\nline", "\x01\x7f",
		"größe", "gro\u0308ße", "日本語/キー", "🦀", "\U0010fffe", "\u200b", strings.Repeat("n", 79), strings.Repeat("n", 80),
		strings.Repeat("n", 80) + "/x", strings.Repeat("n", 80) + "!", strings.Repeat("n", 81), strings.Repeat("n", 79) + "ö",
		strings.Repeat("l", 300), strings.Repeat("L", 1024), strings.Repeat("ü", 512), strings.Repeat("d/", 511) + "e",
	}
	return keys
}

func keys(t *testing.T, s *storage.Service, d Driver) {
	kept := OddKeys()
	if d.Keep != nil {
		kept = d.Keep(kept)
		t.Logf("the backend cannot keep %d of %d odd keys", len(OddKeys())-len(kept), len(OddKeys()))
	}
	for _, key := range kept {
		Do(t, s, storage.Put{Key: key, Body: []byte("of " + key)})
	}
	for _, key := range kept {
		if o := Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != "of "+key {
			t.Errorf("%q: %q", key, o.Body)
		}
	}
	slices.Sort(kept)
	if got := all(t, s, storage.List{Limit: 7}); !slices.Equal(got, kept) {
		t.Errorf("list: %q\nwant: %q", got, kept)
	}
	for n, key := range kept {
		Do(t, s, storage.Delete{Key: key})
		if n == len(kept)/2 { // the others are untouched
			if got := all(t, s, storage.List{}); !slices.Equal(got, kept[n+1:]) {
				t.Errorf("list: %q\nwant: %q", got, kept[n+1:])
			}
		}
	}
	if got := all(t, s, storage.List{}); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}
