package crash

import (
	"reflect"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestWhoIsGuilty(t *testing.T) {
	v := func(endpoint string) model.CrashSuspect {
		return model.CrashSuspect{Endpoint: endpoint, Version: "1"}
	}
	type death struct {
		second   int
		by       string
		suspects []model.CrashSuspect
		guilty   []model.CrashSuspect
	}
	for name, deaths := range map[string][]death{
		"three times within a minute": {{0, "a", nil, nil}, {30, "a", nil, nil}, {60, "a", nil, []model.CrashSuspect{v("a")}}},
		"too slowly":                  {{0, "a", nil, nil}, {30, "a", nil, nil}, {61, "a", nil, nil}, {62, "a", nil, []model.CrashSuspect{v("a")}}},
		"each of its own": {
			{0, "a", nil, nil}, {1, "b", nil, nil}, {2, "a", nil, nil}, {3, "b", nil, nil},
			{4, "b", nil, []model.CrashSuspect{v("b")}}, {5, "a", nil, []model.CrashSuspect{v("a")}},
		},
		"nobody": {{0, "", nil, nil}, {1, "", nil, nil}, {2, "", nil, nil}},
		"who was there each time": {
			{0, "", []model.CrashSuspect{v("a"), v("b")}, nil},
			{1, "", []model.CrashSuspect{v("a"), v("c")}, nil},
			{2, "", []model.CrashSuspect{v("b"), v("a")}, []model.CrashSuspect{v("a")}},
		},
		"two who were there each time, until one was not": {
			{0, "", []model.CrashSuspect{v("a"), v("b")}, nil},
			{1, "", []model.CrashSuspect{v("a"), v("b")}, nil},
			{2, "", []model.CrashSuspect{v("a"), v("b")}, nil},
			{3, "", []model.CrashSuspect{v("a")}, []model.CrashSuspect{v("a")}},
		},
		"blamed twice and suspected once": {
			{0, "a", nil, nil}, {1, "a", nil, nil},
			{2, "", []model.CrashSuspect{v("a"), v("b")}, nil},
			{3, "a", nil, []model.CrashSuspect{v("a")}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var tally Tally
			start := time.Now()
			for n, d := range deaths {
				c := model.Crash{At: start.Add(time.Duration(d.second) * time.Second), Endpoint: d.by, Suspects: d.suspects}
				if d.by != "" {
					c.Version = "1"
				}
				if got := tally.Add(c); !reflect.DeepEqual(got, d.guilty) {
					t.Errorf("death %d: guilty %v, want %v", n+1, got, d.guilty)
				}
			}
		})
	}
}

func TestNobodyIsGuiltyOfWhatCameFromOutside(t *testing.T) {
	var tally Tally
	killed := model.Crash{At: time.Now(), Endpoint: "a", Version: "1", Isolated: true, Outside: true}
	crashed := killed
	crashed.Outside = false
	for n, c := range []model.Crash{killed, crashed, killed, killed, crashed, killed, crashed} {
		if got := tally.Add(c); (len(got) == 1) != (n == 6) {
			t.Fatalf("death %d: %v", n+1, got)
		}
	}
}

func TestAForgivenVersionBeginsAnew(t *testing.T) {
	var tally Tally
	blamed := model.Crash{At: time.Now(), Endpoint: "a", Version: "1"}
	suspected := model.Crash{At: time.Now(), Suspects: []model.CrashSuspect{{Endpoint: "a", Version: "1"}}}
	tally.Add(blamed)
	tally.Add(suspected)
	tally.Forget("a", "1")
	for n, c := range []model.Crash{blamed, blamed, blamed} {
		if got := tally.Add(c); (len(got) == 1) != (n == 2) {
			t.Fatalf("death %d: %v", n+1, got)
		}
	}
}
