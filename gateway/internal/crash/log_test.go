package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestTheLogKeepsTheLastCrashesOverARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "crashes")
	l, err := OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)
	for n := range Kept + 5 {
		// Some in the same moment, and one after the clock was set back.
		when := at.Add(time.Duration(n/2) * time.Second)
		if n == 10 {
			when = at
		}
		if _, err := l.Add(model.Crash{At: when, Endpoint: fmt.Sprint(n)}, []byte("SIGSEGV \xff\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "20000101T000000.000000.json"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		if again {
			if l, err = OpenLog(dir); err != nil {
				t.Fatal(err)
			}
		}
		all := l.All()
		if len(all) != Kept || all[0].Endpoint != fmt.Sprint(Kept+4) || all[Kept-1].Endpoint != "5" {
			t.Fatalf("opened again: %v: %d crashes, from %s to %s", again, len(all), all[0].Endpoint, all[len(all)-1].Endpoint)
		}
		for n, c := range all {
			if want := fmt.Sprint(Kept + 4 - n); c.Endpoint != want {
				t.Errorf("at %d: %s, want %s", n, c.Endpoint, want)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "2026*.json"))
	if err != nil || len(files) != Kept {
		t.Errorf("%d files, %v", len(files), err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(content), `"output": "SIGSEGV ?\n"`) {
		t.Errorf("%s, %v", content, err)
	}
}
