package main

import (
	"log/slog"
	"os"
	"regexp"
	"strings"
)

var logger = slog.Default

// newLogger writes text on a terminal and JSON elsewhere, to standard error, and
// to what keep puts beside that.
func newLogger(keep func(slog.Handler) slog.Handler) *slog.Logger {
	var handler slog.Handler = slog.NewJSONHandler(os.Stderr, nil)
	if isTerminal(os.Stderr) {
		handler = slog.NewTextHandler(os.Stderr, nil)
	}
	log := slog.New(keep(handler))
	slog.SetDefault(log)
	return log
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// example is a path to try an endpoint with.
func example(pattern string) string {
	path := parameter.ReplaceAllStringFunc(pattern, func(p string) string {
		return strings.SplitN(strings.Trim(p, "{}?"), ":", 2)[0]
	})
	return strings.Replace(path, "/name", "/world", 1)
}
