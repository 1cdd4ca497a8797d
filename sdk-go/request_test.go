package edge_test

import (
	"fmt"
	"slices"
	"testing"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestHeadersAreFoundInAnyCaseAndInOrder(t *testing.T) {
	headers := edge.Fields{{Name: "Accept", Value: "a"}, {Name: "X-Tag", Value: "1"}, {Name: "x-tag", Value: "2"}}
	for name, want := range map[string][]string{"x-TAG": {"1", "2"}, "ACCEPT": {"a"}, "none": nil, "": nil} {
		if got := headers.Values(name); !slices.Equal(got, want) {
			t.Errorf("Values(%q) = %q, want %q", name, got, want)
		}
		first := ""
		if len(want) > 0 {
			first = want[0]
		}
		if got := headers.Get(name); got != first {
			t.Errorf("Get(%q) = %q, want %q", name, got, first)
		}
	}
}

func TestParamsAreFoundByTheirExactName(t *testing.T) {
	r := edge.Request{Params: edge.Fields{{Name: "id", Value: "7"}, {Name: "ID", Value: "8"}}}
	for name, want := range map[string]string{"id": "7", "ID": "8", "Id": "", "": ""} {
		if got := r.Param(name); got != want {
			t.Errorf("Param(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAddKeepsRepeats(t *testing.T) {
	answer := edge.Text(200, "x")
	answer.Add("set-cookie", "a=1")
	answer.Add("set-cookie", "b=2")
	want := edge.Fields{{Name: "content-type", Value: "text/plain; charset=utf-8"}, {Name: "set-cookie", Value: "a=1"}, {Name: "set-cookie", Value: "b=2"}}
	if !slices.Equal(answer.Headers, want) {
		t.Errorf("headers %v, want %v", answer.Headers, want)
	}
}

func TestEveryStatusHasAText(t *testing.T) {
	seen := map[string]edge.Status{}
	for status := edge.ErrInternal; status >= edge.ErrRefused; status-- {
		text := status.Error()
		if other, twice := seen[text]; twice || text == "" || text == fmt.Sprintf("status %d", status) {
			t.Errorf("status %d is %q, as %d", status, text, other)
		}
		seen[text] = status
	}
	for _, unknown := range []edge.Status{0, 1, edge.ErrRefused - 1, -1 << 31} {
		if got, want := unknown.Error(), fmt.Sprintf("status %d", int32(unknown)); got != want {
			t.Errorf("status %d is %q, want %q", unknown, got, want)
		}
	}
}
