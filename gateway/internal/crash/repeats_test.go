package crash

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestSuspectsOfSeveralCrashesAreFound(t *testing.T) {
	began := time.Unix(1_000_000, 0)
	for _, test := range []struct {
		name    string
		crashes string // minute:suspects of each, "!" for one that names somebody; the last is the newest
		want    string // suspect:times:minutes
	}{
		{"the first", "0:ab", ""},
		{"the same ones", "0:ab 1:ab", "a:2:1 b:2:1"},
		{"one of them", "0:ab 1:bc", "b:2:1"},
		{"others", "0:ab 1:cd", ""},
		{"the most often first", "0:bc 1:ac 2:abc", "c:3:2 a:2:1 b:2:2"},
		{"who is not in the newest", "0:ab 1:ab 2:cd", ""},
		{"long ago", "0:ab 61:ab", ""},
		{"not quite so long ago", "0:ab 60:ab", "a:2:60 b:2:60"},
		{"some long ago", "0:ab 30:a 80:ab", "a:2:50"},
		{"in between one with a name", "0:ab 1:! 2:ab", "a:2:2 b:2:2"},
		{"the newest has a name", "0:ab 1:ab 2:!", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var all []model.Crash
			for n, text := range strings.Fields(test.crashes) {
				var minute int
				var who string
				if _, err := fmt.Sscanf(strings.Replace(text, ":", " ", 1), "%d %s", &minute, &who); err != nil {
					t.Fatal(err)
				}
				c := model.Crash{ID: fmt.Sprint(n), At: began.Add(time.Duration(minute) * time.Minute)}
				if who == "!" {
					c.Endpoint = "a"
				} else {
					for _, s := range who {
						c.Suspects = append(c.Suspects, model.CrashSuspect{Endpoint: string(s), Version: "1"})
					}
				}
				all = append(all, c)
			}
			var got []string
			for _, s := range Repeats(all, all[len(all)-1]) {
				got = append(got, fmt.Sprintf("%s:%d:%v", s.Endpoint, s.Times, s.Span.Minutes()))
			}
			if text := strings.Join(got, " "); text != test.want {
				t.Errorf("%q, want %q", text, test.want)
			}
		})
	}
}
