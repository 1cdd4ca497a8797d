package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type resolved struct{}

func (resolved) LogValue() slog.Value { return slog.StringValue("resolved") }

func TestAttributesBecomeFields(t *testing.T) {
	s, log := open(t, t.TempDir())
	fields := []any{"endpoint", "orders", "version", "abc", "request_id", "1-2", "service", "db"}
	whole := model.LogLine{Level: "info", Message: "m", Endpoint: "orders", Version: "abc", RequestID: "1-2", Service: "db"}
	with := func(l model.LogLine, more map[string]string) model.LogLine {
		l.More = more
		return l
	}
	for _, test := range []struct {
		name string
		log  func()
		want model.LogLine
	}{
		{"of the record", func() { log.Info("m", fields...) }, whole},
		{"of the logger", func() { log.With(fields[:4]...).With(fields[4:]...).Info("m") }, whole},
		{"nothing", func() { log.Debug("") }, model.LogLine{Level: "debug"}},
		{"the later one counts", func() { log.With("endpoint", "a").Warn("m", "endpoint", "b") }, model.LogLine{Level: "warn", Message: "m", Endpoint: "b"}},
		{"others are text", func() {
			log.Error("m", "status", 200, "ok", true, "share", .5, "took", 1500*time.Microsecond, "error", errors.New("bad"), "none", nil, "list", []int{1, 2}, "who", resolved{})
		}, model.LogLine{Level: "error", Message: "m", More: map[string]string{
			"status": "200", "ok": "true", "share": "0.5", "took": "1.5ms", "error": "bad", "none": "null", "list": "[1,2]", "who": "resolved",
		}}},
		{"groups", func() {
			log.WithGroup("g").With("a", 1).WithGroup("h").Info("m", "b", 2, slog.Group("i", "endpoint", "x"))
		}, model.LogLine{Level: "info", Message: "m", More: map[string]string{"g.a": "1", "g.h.b": "2", "g.h.i.endpoint": "x"}}},
		{"a group without a name", func() { log.Info("m", slog.Group("", "endpoint", "x")) }, model.LogLine{Level: "info", Message: "m", Endpoint: "x"}},
		{"names that the line has itself", func() { log.Info("m", "time", 1, "level", "high", "msg", "n") },
			with(model.LogLine{Level: "info", Message: "m"}, map[string]string{"time": "1", "level": "high", "msg": "n"})},
		{"levels between", func() { log.Log(t.Context(), slog.LevelWarn+2, "m") }, model.LogLine{Level: "warn", Message: "m"}},
		{"above all levels", func() { log.Log(t.Context(), 100, "m") }, model.LogLine{Level: "error", Message: "m"}},
		{"not UTF-8", func() { log.Info("m\xff", "a\xff", "\xff") }, model.LogLine{Level: "info", Message: "m\uFFFD", More: map[string]string{"a\uFFFD": "\uFFFD"}}},
		{"no time", func() {
			_ = log.Handler().Handle(t.Context(), slog.NewRecord(time.Time{}, slog.LevelInfo, "m", 0))
		}, model.LogLine{Level: "info", Message: "m"}},
	} {
		before := time.Now().Truncate(0)
		test.log()
		got := last(t, s, everything, 1)[0]
		if got.At.Before(before) || got.At.After(time.Now()) {
			t.Errorf("%s: at %s", test.name, got.At)
		}
		got.At = time.Time{}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n%+v; want\n%+v", test.name, got, test.want)
		}
	}
	log.Log(t.Context(), slog.LevelDebug-1, "below all levels")
	if got := last(t, s, model.LogFilter{Level: -100}, 1)[0]; got.Message != "m" {
		t.Errorf("kept %q", got.Message)
	}
}

// A secret is in no file of the log, wherever in an attribute it was.
func TestSecretsStayHidden(t *testing.T) {
	const secret = "sesame"
	dir := t.TempDir()
	s, log := open(t, dir)
	hidden := config.Hidden(secret)
	log.Info("m", "a", hidden, "b", []config.Hidden{hidden}, "c", map[string]any{"password": hidden}, slog.Group("d", "e", hidden),
		"f", struct{ Password config.Hidden }{hidden}, "g", config.Options{"password": hidden}, "h", &hidden, "i", errors.Join(errors.New(hidden.String())))
	log.With("a", hidden).WithGroup("b").With("c", hidden).Info("m")
	if n := len(last(t, s, everything, 10)); n != 2 {
		t.Fatalf("%d lines", n)
	}
	names, _ := files(t, dir)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(secret)) || !bytes.Contains(text, []byte("[hidden]")) {
			t.Errorf("%s", text)
		}
	}
}

func TestNextHasWhatItWants(t *testing.T) {
	s, err := Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var text bytes.Buffer
	log := slog.New(s.Handler(slog.NewTextHandler(&text, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	long := strings.Repeat("x", 2*lineMost)
	log.Debug("debug")
	log.With("a", 1).WithGroup("g").Info("info", "took", time.Second, "long", long)
	if want := "level=INFO msg=info a=1 g.took=1s g.long=" + long + "\n"; text.String() != want {
		t.Errorf("next has %s", text.String())
	}
	if got := messages(last(t, s, everything, 10)); got != "debug info" {
		t.Errorf("kept %s", got)
	}
}

// Whatever is logged, its line is kept short, and its beginning and its fields
// are there.
func TestLinesAreShort(t *testing.T) {
	dir := t.TempDir()
	s, log := open(t, dir)
	many := make([]any, 0, 2000)
	for i := range 1000 {
		many = append(many, strings.Repeat("name", i), strings.Repeat("value", 10))
	}
	for _, test := range []struct {
		name string
		log  func()
		mark string
	}{
		{"a message of 64 KiB", func() { log.Info("m"+strings.Repeat("x", 64<<10), "endpoint", "orders") }, "… (57345 bytes left out)"},
		{"one of odd characters", func() { log.Info("m"+strings.Repeat("\x01", 64<<10), "endpoint", "orders") }, " bytes left out)"},
		{"one of long characters", func() { log.Info("m"+strings.Repeat("é", 64<<10), "endpoint", "orders") }, "é… ("},
		{"a long attribute", func() { log.Info("m", "path", strings.Repeat("\xff", 64<<10), "endpoint", "orders") }, " bytes left out)"},
		{"a large value", func() { log.Info("m", "value", make([]int, 64<<10), "endpoint", "orders") }, " bytes left out)"},
		{"several of them", func() {
			log.Info("m", "a", strings.Repeat("x", 7<<10), "b", strings.Repeat("x", 7<<10), "c", strings.Repeat("x", 7<<10), "endpoint", "orders")
		}, " bytes left out)"},
		{"a long name", func() { log.Info("m", strings.Repeat("x", 64<<10), 1, "endpoint", "orders") }, " bytes left out)"},
		{"too many attributes", func() { log.Info("m", append(many, "endpoint", "orders")...) }, "too many attributes"},
	} {
		test.log()
		got := last(t, s, everything, 1)[0]
		text, _ := json.Marshal(got)
		if !bytes.Contains(text, []byte(test.mark)) {
			t.Errorf("%s: no mark in %.200s", test.name, text)
		}
		if test.name != "too many attributes" && (got.Message[0] != 'm' || got.Endpoint != "orders") {
			t.Errorf("%s: %.200s", test.name, text)
		}
	}
	names, _ := files(t, dir)
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if len(line) > lineMost {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

// A line of the access log costs few allocations, on top of what makes it.
func TestKeepingALineAllocatesLittle(t *testing.T) {
	_, log := open(t, t.TempDir())
	handler := log.Handler()
	r := accessLine()
	n := testing.AllocsPerRun(1000, func() { _ = handler.Handle(context.Background(), r) })
	t.Logf("%.1f allocations", n)
	if n > 4 {
		t.Errorf("%.1f allocations", n)
	}
}

func BenchmarkKeepingALine(b *testing.B) {
	s, log := open(b, b.TempDir())
	handler := log.Handler()
	r := accessLine()
	b.ReportAllocs()
	for b.Loop() {
		_ = handler.Handle(context.Background(), r)
	}
	b.ReportMetric(float64(s.LeftOut()), "left-out")
}

func accessLine() slog.Record {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "request", 0)
	r.AddAttrs(slog.String("method", "GET"), slog.String("path", "/orders/17?x=y"), slog.Int("status", 200), slog.Int("size", 1234),
		slog.Duration("duration", 1234*time.Microsecond), slog.String("endpoint", "orders"), slog.String("version", "0123456789ab"),
		slog.String("request_id", "5f1d7a3e-17"), slog.String("peer", "192.0.2.1:51234"))
	return r
}

// Whatever a file has, reading it ends with a line or an error.
func FuzzALineIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"m","g":{"a":{"b":[1,{}]}},"endpoint":"e"}`))
	f.Add([]byte(`{"time":"2026-01-02T03:04:05.123456789+01:00","level":"WARN+2","msg":null,"":{}}`))
	f.Add([]byte(`{"time":"`))
	f.Add(bytes.Repeat([]byte(`{"g":`), 100))
	f.Fuzz(func(t *testing.T, line []byte) {
		_, passed := newSieve(model.LogFilter{Level: -100}).pass(line)
		if _, err := decode(line); passed != (err == nil) {
			t.Errorf("passed %t, %v", passed, err)
		}
		short := shrink(line)
		if _, err := decode(short); err != nil || len(short) > lineMost {
			t.Errorf("%q, %v", short, err)
		}
	})
}

// What is written is what is read.
func FuzzAnAttributeIsReadAsWritten(f *testing.F) {
	f.Add("message", "endpoint", "orders")
	f.Add("\x00\u2028</script>\"\\", "a.b", "\xff")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, message, name, value string) {
		message, name, value = strings.ToValidUTF8(message, ""), strings.ToValidUTF8(name, ""), strings.ToValidUTF8(value, "")
		if len(message)+len(name)+len(value) > 2000 {
			return
		}
		r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
		r.AddAttrs(slog.String(name, value))
		l, err := decode(encode(r))
		if err != nil || l.Message != message {
			t.Fatalf("%+v, %v", l, err)
		}
		fields := map[string]string{"endpoint": l.Endpoint, "version": l.Version, "request_id": l.RequestID, "service": l.Service}
		maps.Copy(fields, l.More)
		if got := fields[name]; got != value {
			t.Errorf("%q is %q, not %q", name, got, value)
		}
		if _, ok := newSieve(model.LogFilter{Endpoint: l.Endpoint}).pass(encode(r)); !ok {
			t.Error("the line is not found by its own endpoint")
		}
	})
}
