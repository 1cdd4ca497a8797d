package edge

import (
	"strings"
	"testing"
)

func TestALibraryHasExactlyOneHandler(t *testing.T) {
	h := Handler(func(*Request) (*Response, error) { return nil, nil })
	for name, test := range map[string]struct {
		register []Library
		reason   string
	}{
		"none":       {nil, "no handler is registered"},
		"one":        {[]Library{{Name: "a", Handler: h}}, ""},
		"two":        {[]Library{{Name: "a", Handler: h}, {Name: "b", Handler: h}}, "more than one"},
		"no handler": {[]Library{{Name: "a"}}, "is nil"},
	} {
		t.Run(name, func(t *testing.T) {
			registered.count, registered.library, registered.err = 0, Library{}, nil
			for _, l := range test.register {
				Register(l)
			}
			got, err := Registered()
			if test.reason == "" {
				if err != nil || got.Name != "a" || got.Handler == nil {
					t.Errorf("got %+v, %v", got, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("got %v, want %q", err, test.reason)
			}
		})
	}
}
