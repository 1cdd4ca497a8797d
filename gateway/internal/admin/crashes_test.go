package admin

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestALimitedKeySeesNothingOfOthersInACrash(t *testing.T) {
	s := serve(t)
	s.fake.crashes = []model.Crash{{
		ID: "1", Endpoint: "orders", What: "SIGSEGV", Where: "f+0x1", Frames: []string{"g of endpoint billing"},
		Suspects: []model.CrashSuspect{{Endpoint: "billing", Version: "1"}},
	}}
	for _, test := range []struct {
		token, query string
		asked        []string
		items        int
		others       bool
	}{
		{"t-read", "", nil, 1, true},
		{"t-read", "?endpoint=orders", []string{"orders"}, 1, true},
		{"t-limited", "", []string{"orders"}, 1, false},
		{"t-limited", "?endpoint=orders", []string{"orders"}, 1, false},
		{"t-limited", "?endpoint=billing", nil, 0, false},
	} {
		s.fake.asked = nil
		got := s.do("GET", v1+"/crashes"+test.query, "", "Authorization", "Bearer "+test.token)
		var all model.List[model.Crash]
		if err := json.Unmarshal(got.body, &all); err != nil || got.StatusCode != 200 || len(all.Items) != test.items || !slices.Equal(s.fake.asked, test.asked) {
			t.Errorf("%s %s: %s %s, asked for %q: %v", test.token, test.query, got.Status, got.body, s.fake.asked, err)
			continue
		}
		for _, one := range all.Items {
			if others := one.Frames != nil && one.Suspects != nil; others != test.others || one.Where != "f+0x1" {
				t.Errorf("%s %s: %+v", test.token, test.query, one)
			}
		}
	}
}
