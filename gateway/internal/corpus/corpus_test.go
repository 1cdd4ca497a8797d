package corpus

import "testing"

func TestEntriesAreManyAndDistinct(t *testing.T) {
	names, texts := map[string]bool{}, map[string]string{}
	smuggling := 0
	for _, r := range Requests() {
		if r.Name == "" || names[r.Name] {
			t.Errorf("the name %q is empty or used twice", r.Name)
		}
		if other, ok := texts[string(r.Bytes)]; ok {
			t.Errorf("%q and %q are the same bytes", r.Name, other)
		}
		names[r.Name], texts[string(r.Bytes)] = true, r.Name
		if r.Smuggles {
			smuggling++
		}
	}
	t.Logf("%d entries, %d of them with a request inside", len(names), smuggling)
	if len(names) < 80 || smuggling < 40 {
		t.Errorf("%d entries, %d of them with a request inside", len(names), smuggling)
	}
}
