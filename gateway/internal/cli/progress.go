package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a body has been read: a bar on a terminal, else one
// line at the end.
func progress(body io.Reader, size int64, what string) (io.Reader, func(good bool)) {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return body, func(good bool) {
			if good {
				say("%s: %s", what, sizeText(size))
			}
		}
	}
	bar := progressbar.NewOptions64(size,
		progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(0))
	return io.TeeReader(body, bar), func(bool) { fmt.Fprintln(os.Stderr) }
}

// indented sets a compiler's output off from what the program says itself.
func indented(text string) string {
	var b strings.Builder
	_ = indent(&b, strings.NewReader(text))
	return b.String()
}

func indent(to io.Writer, from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			if _, failed := fmt.Fprintf(to, "  | %s\n", Plain(strings.TrimRight(line, "\r\n"))); failed != nil {
				return failed
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
