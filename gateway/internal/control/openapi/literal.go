package openapi

import (
	"fmt"
	"strings"
	"text/template"
	"unicode"
)

// literals write texts of a document, which may be anything, into source code.
var literals = template.FuncMap{
	"cText": cText, "rustText": rustText, "goText": goText, "cComment": cComment, "comment": printable, "camel": camel,
}

// cText writes a string literal of C, a line of it for each line of the text.
// Escapes have three digits, so that no digit after one joins it, and no two
// question marks are left that could begin a trigraph.
func cText(text string) string {
	return quoted(text, "\n      ", func(b *strings.Builder, c rune) {
		switch {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '"' || c == '\\' || c == '?':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c >= 0x20 && c < 0x7f:
			b.WriteRune(c)
		default:
			for _, unit := range []byte(string(c)) {
				fmt.Fprintf(b, `\%03o`, unit)
			}
		}
	})
}

// rustText writes a string literal of Rust.
func rustText(text string) string {
	return quoted(text, "", func(b *strings.Builder, c rune) {
		switch {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c >= 0x20 && c < 0x7f:
			b.WriteRune(c)
		default:
			fmt.Fprintf(b, `\u{%x}`, c)
		}
	})
}

// goText writes a string literal of Go.
func goText(text string) string {
	return quoted(text, " +\n\t\t", func(b *strings.Builder, c rune) {
		switch {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c >= 0x20 && c < 0x7f:
			b.WriteRune(c)
		default:
			fmt.Fprintf(b, `\U%08x`, c)
		}
	})
}

// quoted writes text as one literal, or, with a join between them, as one for
// each of its lines. What is not UTF-8 becomes U+FFFD.
func quoted(text, join string, write func(*strings.Builder, rune)) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, c := range text {
		write(&b, c)
		if join != "" && c == '\n' && i+1 < len(text) {
			b.WriteString(`"` + join + `"`)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// printable leaves nothing of a text that is not shown as it is written: no
// lines, controls, or marks that turn the direction of writing.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) && c != unicode.ReplacementChar {
			return c
		}
		return ' '
	}, text)
}

// commentLines breaks what people wrote into lines for a comment.
func commentLines(text string) []string {
	const width, most = 76, 12
	var lines []string
	for _, paragraph := range strings.Split(clipTo(text, 2000), "\n") {
		line := ""
		for _, word := range strings.Fields(printable(paragraph)) {
			if line != "" && len(line)+1+len(word) > width {
				lines, line = append(lines, line), ""
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines[:min(len(lines), most)]
}

func clipTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// cComment makes a line safe inside a comment of C: nothing that ends it, begins
// another, is a trigraph, or goes on in the next line.
func cComment(line string) string {
	line = strings.NewReplacer("*/", "* /", "/*", "/ *", "??", "? ?").Replace(printable(line))
	line = strings.NewReplacer("*/", "* /", "/*", "/ *", "??", "? ?").Replace(line)
	return strings.TrimRight(line, `\ `)
}
