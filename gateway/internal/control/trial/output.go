package trial

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	outputLimit = 64 << 10 // of what is printed, kept until the end
	outputLines = 20       // of that, shown
	lineLimit   = 1 << 10
)

// readTail reads all that comes and returns the last outputLimit bytes of it.
func readTail(from io.Reader) string {
	var tail []byte
	chunk := make([]byte, 16<<10)
	for {
		n, err := from.Read(chunk)
		if tail = append(tail, chunk[:n]...); len(tail) > 2*outputLimit {
			tail = append(tail[:0], tail[len(tail)-outputLimit:]...)
		}
		if err != nil {
			return string(tail[max(0, len(tail)-outputLimit):])
		}
	}
}

var (
	// signalTrace is how the trace of a runtime begins that a signal has ended.
	signalTrace = regexp.MustCompile(`(?m)^(SIG[A-Z]+): [^\n]+\nPC=`)
	// panicTrace is how one begins that has ended itself.
	panicTrace = regexp.MustCompile(`(?m)^(?:fatal error|panic|runtime): [^\n]+$`)
)

// crash is what the output of a process says of its end.
type crash struct {
	signal string   // "SIGSEGV"; empty without the trace of one
	panic  string   // "panic: ..."; empty without the trace of one
	lines  []string // that matter, of all that was printed
}

// readCrash picks the lines that matter. After a signal the runtime of the
// gateway prints where its own goroutines are: that says nothing of the
// library. What a library in Go prints of its panic does.
func readCrash(output string) crash {
	if at := signalTrace.FindStringSubmatchIndex(output); at != nil {
		headline, _, _ := strings.Cut(output[at[0]:], "\n")
		return crash{signal: output[at[2]:at[3]], lines: append(lastLines(output[:at[0]]), headline)}
	}
	if at := panicTrace.FindStringIndex(output); at != nil {
		trace := splitLines(output[at[0]:])
		return crash{panic: output[at[0]:at[1]], lines: append(lastLines(output[:at[0]]), trace[:min(len(trace), outputLines)]...)}
	}
	return crash{lines: lastLines(output)}
}

func lastLines(text string) []string {
	lines := splitLines(text)
	return lines[max(0, len(lines)-outputLines):]
}

func splitLines(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line = strings.TrimRight(line, " \r"); line != "" {
			lines = append(lines, cut(line, lineLimit))
		}
	}
	return lines
}

// cut shortens a text, and makes it one.
func cut(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "..."
}
