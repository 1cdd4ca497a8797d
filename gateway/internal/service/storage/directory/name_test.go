package directory

import (
	"slices"
	"strings"
	"testing"
)

func TestNamesAreOfTheKeysOnly(t *testing.T) {
	for name, folder := range map[string]bool{
		"A": false, "%41": false, "%4": false, "%": true, "": false, "x+": false, "x=": true, "%7": false, "%6g": false,
		"%61": false, "con": false, "con.d": false, ".x": false, "x.": false, "%2e": true, "a b": false, "%%": false,
	} {
		p, ok := pieceOf(name, folder)
		if ok && (folder || pathOf(p.text) != name) {
			t.Errorf("%q is read as %q", name, p.text)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, key := range []string{"a", "a/b", "A/../é", "con", strings.Repeat("x", 200), strings.Repeat("x", 80), "a/", "/", "%", "x."} {
		f.Add(key, "b")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		textA, textB := keyOf(t, a), keyOf(t, b)
		if a == "" || b == "" {
			return
		}
		if strings.Join(textA, "") != a {
			t.Fatalf("%q comes back as %q", a, textA)
		}
		// The walk goes by the texts of pieces: they have to be in the keys' order.
		if got, want := slices.Compare(textA, textB), strings.Compare(a, b); got != want {
			t.Fatalf("%q %d %q, but %q and %q", a, want, b, textA, textB)
		}
		if a != b && strings.EqualFold(pathOf(a), pathOf(b)) {
			t.Fatalf("%q and %q are one file where case does not matter", a, b)
		}
	})
}

// keyOf reads the path of a key back, as the texts of its pieces.
func keyOf(t *testing.T, key string) (texts []string) {
	if key == "" {
		return nil
	}
	names := strings.Split(pathOf(key), "/")
	for n, name := range names {
		p, ok := pieceOf(name, n < len(names)-1)
		if !ok || len(name) > 255 || strings.HasSuffix(name, ".") || strings.HasPrefix(name, ".") {
			t.Fatalf("%q has the name %q in it", key, name)
		}
		texts = append(texts, p.text)
	}
	return texts
}
