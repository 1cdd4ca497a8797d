package cli

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Plain is text as a terminal may be given it. What handlers, compilers and
// clients wrote is in what the API answers; none of it may move the cursor,
// change the title, or turn the direction of writing. Lines stay lines.
func Plain(text string) string {
	if !strings.ContainsFunc(text, commands) {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		if commands(c) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// commands tells whether a character is more to a terminal than a sign.
func commands(c rune) bool {
	return unicode.IsControl(c) && c != '\n' && c != '\t' || unicode.Is(unicode.Bidi_Control, c)
}

// oneLine is text for where a second line would pass for something else.
func oneLine(text string) string {
	return Plain(strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(text))
}

// copyPlain copies text as it comes.
func copyPlain(to io.Writer, from io.Reader) error {
	in := bufio.NewReader(from)
	var part strings.Builder
	for {
		c, _, err := in.ReadRune()
		if err == nil {
			part.WriteRune(c)
		}
		if part.Len() > 0 && (err != nil || in.Buffered() == 0 || part.Len() >= 32<<10) {
			if _, failed := io.WriteString(to, Plain(part.String())); failed != nil {
				return failed
			}
			part.Reset()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
