package logs

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

var everything = model.LogFilter{Level: slog.LevelDebug}

// open opens a log, and a logger that it keeps the lines of.
func open(t testing.TB, dir string) (*Store, *slog.Logger) {
	t.Helper()
	s, err := Open(dir, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, slog.New(s.Handler(slog.DiscardHandler))
}

func last(t testing.TB, s *Store, f model.LogFilter, n int) []model.LogLine {
	t.Helper()
	lines, err := s.Last(context.Background(), f, n)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// messages are what lines say, in one line.
func messages(lines []model.LogLine) string {
	var all []string
	for _, l := range lines {
		all = append(all, l.Message)
	}
	return strings.Join(all, " ")
}

// files are the names and sizes of a log's segments.
func files(t testing.TB, dir string) (names []string, size int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if os.IsNotExist(err) {
			continue // removed meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		names, size = append(names, filepath.Join(dir, entry.Name())), size+info.Size()
	}
	return names, size
}

func TestLinesAreSelected(t *testing.T) {
	s, log := open(t, t.TempDir())
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	add := func(after time.Duration, level slog.Level, message string, attrs ...any) {
		r := slog.NewRecord(begin.Add(after), level, message, 0)
		r.Add(attrs...)
		if err := log.Handler().Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	add(0, slog.LevelInfo, "1", "endpoint", "orders", "request_id", "a")
	add(1, slog.LevelDebug, "2", "endpoint", "orders", "request_id", "b")
	add(2, slog.LevelWarn, "3", "endpoint", "notes", "request_id", "c")
	add(3, slog.LevelError, "4", "service", "db")
	add(4, slog.LevelInfo, `5,"endpoint":"orders"`, "text", `"endpoint":"orders"`)
	add(5, slog.LevelWarn, "6", "endpoint", "orders", "request_id", `od"d <id>`)
	add(6, slog.LevelInfo, "7", slog.Group("inner", "endpoint", "orders"), "endpoint", "notes")
	// The clock is set back, and then right again.
	add(-time.Hour, slog.LevelInfo, "8", "endpoint", "orders")
	add(8, slog.LevelInfo, "9", "endpoint", "orders")

	for _, test := range []struct {
		name string
		f    model.LogFilter
		n    int
		want string
	}{
		{"everything", everything, 100, `1 2 3 4 5,"endpoint":"orders" 6 7 8 9`},
		{"as many as there are", everything, 9, `1 2 3 4 5,"endpoint":"orders" 6 7 8 9`},
		{"the last", everything, 3, "7 8 9"},
		{"none", everything, 0, ""},
		{"from info on", model.LogFilter{}, 100, `1 3 4 5,"endpoint":"orders" 6 7 8 9`},
		{"warnings", model.LogFilter{Level: slog.LevelWarn}, 100, "3 4 6"},
		{"errors", model.LogFilter{Level: slog.LevelError}, 100, "4"},
		{"endpoint", model.LogFilter{Endpoint: "orders", Level: slog.LevelDebug}, 100, "1 2 6 8 9"},
		{"endpoint with an odd name", model.LogFilter{Endpoint: `"`}, 100, ""},
		{"last of an endpoint", model.LogFilter{Endpoint: "orders"}, 2, "8 9"},
		{"request", model.LogFilter{RequestID: "c"}, 100, "3"},
		{"request with an odd id", model.LogFilter{RequestID: `od"d <id>`}, 100, "6"},
		{"service", model.LogFilter{Service: "db"}, 100, "4"},
		{"since", model.LogFilter{Since: begin.Add(5)}, 100, "6 7 9"},
		{"since, of an endpoint", model.LogFilter{Since: begin.Add(5), Endpoint: "orders"}, 100, "6 9"},
		{"what a key may see", model.LogFilter{Names: []string{"notes", "other"}}, 100, "3 7"},
		{"what a key may see of an endpoint", model.LogFilter{Names: []string{"notes"}, Endpoint: "orders"}, 100, ""},
	} {
		if got := messages(last(t, s, test.f, test.n)); got != test.want {
			t.Errorf("%s: %s; want %s", test.name, got, test.want)
		}
	}
}

func TestALogGoesOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	for _, run := range []string{"1", "2", "3"} {
		s, log := open(t, dir)
		log.Info(run)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		log.Info("after the end")
	}
	s, log := open(t, dir)
	log.Info("4")
	if got := messages(last(t, s, everything, 100)); got != "1 2 3 4" {
		t.Error(got)
	}
	if names, _ := files(t, dir); len(names) != 1 {
		t.Errorf("the restarts left %d files", len(names))
	}
}

func TestATornLineIsDropped(t *testing.T) {
	const whole = `{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"whole"}` + "\n"
	for _, torn := range []string{
		`{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"to`,
		`{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"torn"`,
		`{`,
		strings.Repeat("\x00", 300<<10),
		"\x00\x00\n",
		"no line at all\n",
		"\n\n",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "00000007.jsonl"), []byte(whole+torn), 0o600); err != nil {
			t.Fatal(err)
		}
		s, log := open(t, dir)
		if got := messages(last(t, s, everything, 100)); got != "whole" {
			t.Errorf("%.50q: %s", torn, got)
		}
		log.Info("new")
		if got := messages(last(t, s, everything, 100)); got != "whole new" {
			t.Errorf("%.50q: %s", torn, got)
		}
	}
}

func TestAFolderThatCannotBeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(file, 1<<20); err == nil {
		t.Error("opened", s.Close())
	}
}

// The budget is kept at every moment of a flood, over a restart with another
// budget too, and what remains is the newest.
func TestTheBudgetIsKept(t *testing.T) {
	dir := t.TempDir()
	for _, budget := range []int64{4 << 20, leastBudget} {
		s, err := Open(dir, budget)
		if err != nil {
			t.Fatal(err)
		}
		log := slog.New(s.Handler(slog.DiscardHandler))
		text := strings.Repeat("x", 3000)
		for i := range 3 * int(budget) / len(text) {
			log.Info("line", "text", text, "i", i)
			if i%100 == 0 {
				last(t, s, everything, 0) // written now
				if _, size := files(t, dir); size > budget {
					t.Fatalf("%d bytes within a budget of %d", size, budget)
				}
			}
		}
		log.Info("end")
		lines := last(t, s, everything, 1<<20)
		if got := lines[len(lines)-1].Message; got != "end" || s.LeftOut() > 0 {
			t.Errorf("ends with %s; %d left out", got, s.LeftOut())
		}
		if _, size := files(t, dir); size < budget*3/4 {
			t.Errorf("only %d bytes of a budget of %d are used", size, budget)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Lines of every length, so that their ends fall on every place of a block.
func TestLinesAreReadBackwards(t *testing.T) {
	var text bytes.Buffer
	var want []string
	for i := 0; text.Len() < 3*block; i = (i*7 + 1) % 9973 {
		line := strings.Repeat(string(rune('a'+i%26)), 1+i%5000)
		want = append(want, line)
		text.WriteString(line + "\n")
	}
	long := strings.Repeat("L", 2*block)
	want = append(want, long, "end")
	text.WriteString(long + "\nend\n")
	data := text.Bytes()
	for line, err := range backwards(bytes.NewReader(data), int64(len(data))) {
		if err != nil || len(want) == 0 || string(line) != want[len(want)-1] {
			t.Fatalf("%.20s of %d bytes, %v; %d to go", line, len(line), err, len(want))
		}
		want = want[:len(want)-1]
	}
	if len(want) > 0 {
		t.Errorf("%d lines are missing", len(want))
	}
	for line, err := range backwards(bytes.NewReader(nil), 10) {
		if err != io.EOF {
			t.Errorf("of a file that has shrunk: %q, %v", line, err)
		}
	}
}

func TestASearchThatIsTooLongSaysSo(t *testing.T) {
	s, err := Open(t.TempDir(), leastBudget) // segments of 128 KiB
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log := slog.New(s.Handler(slog.DiscardHandler))
	log.Info("needle")
	for range 400 {
		log.Info("hay", "text", strings.Repeat("x", 1000))
	}
	log.Info("needle")
	needles := func() string {
		var found []model.LogLine
		for _, l := range last(t, s, everything, 1000) {
			if l.Message != "hay" {
				found = append(found, l)
			}
		}
		return messages(found)
	}
	if got := needles(); got != "needle needle" {
		t.Error(got)
	}
	s.searchMost = 256 << 10
	if got := needles(); got != "what is older was not searched: that is more than 0 MiB needle" {
		t.Error(got)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Last(canceled, everything, 1); err != context.Canceled {
		t.Errorf("a search that was given up: %v", err)
	}
}

// A gateway that starts while another one ends opens the log first, and has
// what the other one still wrote in front of its own lines.
func TestALogGoesOnAfterWhatWasWrittenSinceItWasOpened(t *testing.T) {
	dir := t.TempDir()
	earlier, log := open(t, dir)
	log.Info("one")
	last(t, earlier, everything, 1)
	later, next := open(t, dir)
	earlier.mu.Lock()
	err := earlier.segments.rotate()
	earlier.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	log.Info("two")
	if err := earlier.Close(); err != nil {
		t.Fatal(err)
	}
	next.Info("three")
	later.mu.Lock()
	later.step()
	err = later.segments.rotate()
	later.mu.Unlock()
	next.Info("four")
	if got := messages(last(t, later, everything, 10)); err != nil || later.LeftOut() > 0 || got != "one two three four" {
		t.Errorf("%q, %d left out, %v", got, later.LeftOut(), err)
	}
}
