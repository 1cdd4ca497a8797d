package logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"
)

// fieldMost is how long a message or an attribute may be; lineMost, a whole
// line as it is kept.
const (
	fieldMost = 8 << 10
	lineMost  = 16 << 10
)

// tee hands records to two handlers. It keeps those of all levels from debug
// on, whatever next wants.
type tee struct{ next, kept slog.Handler }

func (t tee) Enabled(ctx context.Context, level slog.Level) bool {
	return t.kept.Enabled(ctx, level) || t.next.Enabled(ctx, level)
}

func (t tee) Handle(ctx context.Context, r slog.Record) error {
	if t.kept.Enabled(ctx, r.Level) {
		kept := r
		if kept.Time.IsZero() {
			kept.Time = time.Now() // decode relies on it
		}
		_ = t.kept.Handle(ctx, kept) // a queue takes everything
	}
	if !t.next.Enabled(ctx, r.Level) {
		return nil
	}
	return t.next.Handle(ctx, r)
}

func (t tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tee{next: t.next.WithAttrs(attrs), kept: t.kept.WithAttrs(attrs)}
}

func (t tee) WithGroup(name string) slog.Handler {
	return tee{next: t.next.WithGroup(name), kept: t.kept.WithGroup(name)}
}

// Tee hands records to next, and to w as a [Store] keeps them, each in one Write:
// for a process that has no store itself. see [Store.Write].
func Tee(next slog.Handler, w io.Writer) slog.Handler { return tee{next: next, kept: encoder(w)} }

// encoder writes records as they are kept. Values that hide themselves are
// resolved by slog.
func encoder(w io.Writer) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: replace})
}

// encode is a record as it is kept.
func encode(r slog.Record) []byte {
	var line bytes.Buffer
	_ = encoder(&line).Handle(context.Background(), r) // a buffer takes everything
	return line.Bytes()
}

// replace makes an attribute short enough, and readable.
func replace(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		if text := a.Value.String(); len(text) > fieldMost {
			a.Value = slog.StringValue(cut(text, fieldMost))
		}
	case slog.KindDuration:
		a.Value = slog.StringValue(a.Value.Duration().String())
	case slog.KindAny:
		if level, ok := a.Value.Any().(slog.Level); ok {
			a.Value = slog.StringValue(level.String()) // much cheaper than by reflection
		}
	}
	return a
}

// cut is the beginning of text, with a mark that tells how much is missing.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return fmt.Sprintf("%s… (%d bytes left out)", strings.Clone(text[:most]), len(text)-most)
}

// leftOut is the line that tells of lines that are missing.
func leftOut(n uint64, why string) []byte {
	lines := "lines were"
	if n == 1 {
		lines = "line was"
	}
	return own(slog.LevelWarn, fmt.Sprintf("%d %s left out: %s", n, lines, why))
}

// Missing is a line that tells of n others that are missing.
func Missing(n uint64, why string) []byte { return leftOut(n, why) }

// own is a line of the log's own.
func own(level slog.Level, message string) []byte {
	return encode(slog.NewRecord(time.Now(), level, message, 0))
}

// tell says something where the log itself may not be able to. s.mu is held.
func (s *Store) tell(level slog.Level, message string, attrs ...slog.Attr) {
	if s.next == nil || !s.next.Enabled(context.Background(), level) {
		return
	}
	r := slog.NewRecord(time.Now(), level, message, 0)
	r.AddAttrs(attrs...)
	_ = s.next.Handle(context.Background(), r) // nobody is left to be told
}
