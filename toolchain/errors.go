package toolchain

import (
	"errors"
	"fmt"
	"strings"
)

// ErrTimeout tells that a build took longer than [Config].Timeout and that its
// processes were killed.
var ErrTimeout = errors.New("build timed out")

// BuildError tells that a source folder did not become a library. What was
// built before is untouched.
type BuildError struct {
	Language  Language
	Dir       string
	Output    string   // what the compiler printed, capped
	Isolation []string // as in [Library]
	Err       error
}

// Error is one line: what, where, why, and the compiler's first complaint. All
// of its text is in Output.
func (e *BuildError) Error() string {
	text := fmt.Sprintf("build %s handler %q: %v", e.Language, e.Dir, e.Err)
	if line := firstComplaint(e.Output); line != "" {
		text += ": " + line
	}
	return text
}

func (e *BuildError) Unwrap() error { return e.Err }

// firstComplaint is the first line that names an error, with the place if that
// is on the next line, else the first line.
func firstComplaint(output string) string {
	lines := strings.Split(output, "\n")
	first := ""
	for i, line := range lines {
		line = strings.TrimSpace(line)
		// "# package" of the go command; what gcc says after the linker did.
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "collect2:") {
			continue
		}
		if complains(line) {
			next := strings.TrimSpace(strings.Join(lines[i+1:min(i+2, len(lines))], ""))
			if place, ok := strings.CutPrefix(next, "--> "); ok { // rustc
				return place + ": " + line
			}
			if strings.HasSuffix(line, ":") {
				return line + " " + next
			}
			return line
		}
		if first == "" {
			first = line
		}
	}
	return first
}

func complains(line string) bool {
	for _, sign := range []string{"error", "Error", "undefined reference", "Undefined symbol", "cannot find"} {
		if strings.Contains(line, sign) {
			return true
		}
	}
	return false
}

// MissingError tells that a program needed for a language is not installed.
type MissingError struct {
	Language Language
	Program  string // "a C compiler (cc, gcc or clang)"
	Hint     string // how to get it on this system
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s needs %s, and none is on the PATH: %s", e.Language, e.Program, e.Hint)
}
