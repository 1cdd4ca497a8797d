package cli

import "testing"

func TestSizesAreReadAsInTheFile(t *testing.T) {
	for text, want := range map[string]size{"8MiB": 8 << 20, "1 GiB": 1 << 30, "5KB": 5000, "8388608": 8 << 20, "-1": -1} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "8 megs", "0x10", "1.5GiB"} {
		if err := new(size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
