package directory

import (
	"slices"
	"strings"
	"testing"
)

func TestNamesAreOfTheKeysOnly(t *testing.T) {
	for _, name := range []string{
		"A", "%4", "%%", "", "=", "x=", "x=+", "x+=", "%7", "%6g", "%61", "con", "con.d", "con+", ".x", "x.", "x.+", "a b", "%2E",
		strings.Repeat("x", 80), strings.Repeat("x", 81) + "=", strings.Repeat("x", 80) + "+", "+=", "x++",
	} {
		if p, ok := pieceOf(name); ok {
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
		p, ok := pieceOf(name)
		if !ok || p.folder != (n < len(names)-1) || len(name) > 255 || strings.HasSuffix(name, ".") || strings.HasPrefix(name, ".") {
			t.Fatalf("%q has the name %q in it", key, name)
		}
		texts = append(texts, p.text)
	}
	return texts
}
