package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

var newline = []byte{'\n'}

// head reads how a line begins, which is cheap.
func head(line []byte) (at time.Time, level slog.Level, err error) {
	rest, begins := bytes.CutPrefix(line, []byte(`{"time":"`))
	stamp, rest, timed := bytes.Cut(rest, []byte(`","level":"`))
	name, _, leveled := bytes.Cut(rest, []byte(`"`))
	if !begins || !timed || !leveled {
		return at, level, errors.New("not a line of the log")
	}
	if at, err = time.Parse(time.RFC3339Nano, string(stamp)); err == nil {
		err = level.UnmarshalText(name)
	}
	return at, level, err
}

// decode reads a line. One that makes no sense, such as a torn one, is an
// error.
func decode(line []byte) (model.LogLine, error) {
	at, level, err := head(line)
	if err != nil {
		return model.LogLine{}, err
	}
	l := model.LogLine{At: at, Level: levelName(level)}
	// Time, level and message are the first three members; an attribute may
	// have one of their names too.
	position := 0
	err = members(line, func(name string, value json.RawMessage) error {
		if position++; position <= 2 {
			return nil
		}
		if position == 3 {
			l.Message = text(value)
			return nil
		}
		return attribute(&l, name, value)
	})
	return l, err
}

// attribute puts an attribute where it belongs. Those of a group have its name
// in front.
func attribute(l *model.LogLine, name string, value json.RawMessage) error {
	if bytes.HasPrefix(value, []byte("{")) {
		return members(value, func(inner string, value json.RawMessage) error {
			return attribute(l, name+"."+inner, value)
		})
	}
	switch name {
	case "endpoint":
		l.Endpoint = text(value)
	case "version":
		l.Version = text(value)
	case "request_id":
		l.RequestID = text(value)
	case "service":
		l.Service = text(value)
	default:
		if l.More == nil {
			l.More = map[string]string{}
		}
		l.More[name] = text(value)
	}
	return nil
}

// members calls f for each member of a JSON object, in order.
func members(object []byte, f func(name string, value json.RawMessage) error) error {
	in := json.NewDecoder(bytes.NewReader(object))
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(errors.New("not an object"), err)
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return err
		}
		if err := f(name.(string), value); err != nil {
			return err
		}
	}
	_, err := in.Token() // a line that was cut off has no end
	return err
}

// text is a JSON value as people read it.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil && value[0] == '"' {
		return s
	}
	return string(value)
}

func levelName(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "error"
	case level >= slog.LevelWarn:
		return "warn"
	case level >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}

// shrink makes a line that is too long short enough, by cutting its longest
// texts.
func shrink(line []byte) []byte {
	l, err := decode(line)
	_, level, _ := head(line)
	if err != nil {
		return own(slog.LevelWarn, "a line was left out: it was too long")
	}
	attrs := map[string]string{"endpoint": l.Endpoint, "version": l.Version, "request_id": l.RequestID, "service": l.Service}
	maps.DeleteFunc(attrs, func(_, value string) bool { return value == "" })
	maps.Copy(attrs, l.More)
	for most := fieldMost / 2; most >= 64; most /= 2 {
		r := slog.NewRecord(l.At, level, cut(l.Message, most), 0)
		for _, name := range slices.Sorted(maps.Keys(attrs)) {
			r.AddAttrs(slog.String(strings.ToValidUTF8(cut(name, most), ""), cut(attrs[name], most)))
		}
		if short := encode(r); len(short) <= lineMost {
			return short
		}
	}
	return own(slog.LevelWarn, "a line was left out: it had too many attributes")
}
