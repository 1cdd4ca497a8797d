package config

import (
	"errors"
	"fmt"
	"iter"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

const (
	maxPattern = 2048 // bytes
	maxParams  = 16   // what a request has room for: abi.MaxParams
)

// Pattern is a parsed path.
type Pattern struct {
	// Segments are what stands between slashes. A path that ends in a slash
	// ends with a segment without parts.
	Segments []Segment
}

// Segment is one piece of a path between slashes.
type Segment struct {
	Parts    []Part // text and parameters in turn
	Optional bool   // the path matches without this segment too
	CatchAll bool   // takes all the rest of the path, slashes included
}

// Part is either Text, matched byte for byte, or a parameter. A parameter
// takes what Expr, a regular expression, matches, and any text if it is empty.
type Part struct {
	Text  string
	Param string
	Expr  string
}

// ParsePattern reads the path of an endpoint.
//
// A path starts with "/" and consists of text and parameters:
//
//	{name}        takes one segment, or a part of it: "/{file}.txt"
//	{name:[0-9]+} takes what the regular expression matches (without '/' and
//	              without groups that capture)
//	{name?}       in the last segments: takes one that may be missing, so that
//	              "/a/{x?}" is "/a" and "/a/{x}"
//	{name:*}      as the last segment: takes the rest, slashes included
//
// Names are letters, digits, '_' and '-', and differ within a path.
//
// Text is compared with the request's path in its normal form, so it has to be
// written in that form: percent-encoded as in a URL ("%20" for a space), with
// capital letters in escapes ("%2F"), no escape for what needs none ("A", not
// "%41"), no empty segments and no "." or "..". A path in another form could
// never match and is refused.
func ParsePattern(path string) (Pattern, error) {
	p, err := parsePattern(path)
	if err != nil {
		return Pattern{}, fmt.Errorf("path %q: %w", path, err)
	}
	return p, nil
}

func parsePattern(path string) (p Pattern, err error) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return p, errors.New(`must start with "/"`)
	}
	if len(path) > maxPattern {
		return p, fmt.Errorf("is longer than %d bytes", maxPattern)
	}
	for more := true; more; {
		var s Segment
		if s, rest, more, err = parseSegment(rest); err != nil {
			return p, err
		}
		if len(s.Parts) == 0 && more {
			return p, errors.New(`an empty segment ("//") can never match`)
		}
		if s.CatchAll && more {
			return p, fmt.Errorf("{%s:*} takes the rest of the path, so nothing may follow it", s.Parts[0].Param)
		}
		if n := len(p.Segments); n > 0 && p.Segments[n-1].Optional && !s.Optional {
			return p, fmt.Errorf("only optional parameters may follow {%s?}", p.Segments[n-1].Parts[0].Param)
		}
		p.Segments = append(p.Segments, s)
	}
	seen := map[string]bool{}
	if len(p.Params()) > maxParams {
		return p, fmt.Errorf("has more than %d parameters", maxParams)
	}
	for _, name := range p.Params() {
		if seen[name] {
			return p, fmt.Errorf("parameter {%s} is there twice", name)
		}
		seen[name] = true
	}
	return p, nil
}

// parseSegment reads up to the next slash and returns what follows it; more
// says that there was a slash.
func parseSegment(path string) (s Segment, rest string, more bool, err error) {
	for path != "" {
		i := strings.IndexAny(path, "/{}")
		if i < 0 {
			i = len(path)
		}
		if text := path[:i]; text != "" {
			if err := checkText(text); err != nil {
				return s, "", false, err
			}
			s.Parts = append(s.Parts, Part{Text: text})
		}
		path = path[i:]
		if path == "" {
			break
		}
		if path[0] == '/' {
			more, path = true, path[1:]
			break
		}
		length := closingBrace(path)
		if length == 0 {
			return s, "", false, fmt.Errorf("unbalanced braces at %q; a brace in text is written %%7B or %%7D", path)
		}
		if n := len(s.Parts); n > 0 && s.Parts[n-1].Param != "" {
			return s, "", false, fmt.Errorf("there must be text between {%s} and the next parameter", s.Parts[n-1].Param)
		}
		if err := s.addParam(path[1 : length-1]); err != nil {
			return s, "", false, err
		}
		path = path[length:]
	}
	if len(s.Parts) > 1 && (s.Optional || s.CatchAll) {
		return s, "", false, errors.New("an optional or catch-all parameter must be alone between slashes")
	}
	if len(s.Parts) == 1 && (s.Parts[0].Text == "." || s.Parts[0].Text == "..") {
		return s, "", false, fmt.Errorf("a segment %q can never match", s.Parts[0].Text)
	}
	return s, path, more, nil
}

// closingBrace returns the length of the parameter that path starts with, or 0
// if its braces are not balanced. An expression may hold balanced braces.
func closingBrace(path string) int {
	depth := 0
	for i := range len(path) {
		switch path[i] {
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return i + 1
			}
			if depth < 0 {
				return 0
			}
		}
	}
	return 0
}

// addParam reads what stands between the braces of a parameter.
func (s *Segment) addParam(inner string) error {
	name, expr, hasExpr := strings.Cut(inner, ":")
	name, optional := strings.CutSuffix(name, "?")
	s.Optional = s.Optional || optional
	if name == "" {
		return fmt.Errorf("parameter {%s} has no name", inner)
	}
	for _, c := range []byte(name) {
		if !isAlphanumeric(c) && c != '_' && c != '-' {
			return fmt.Errorf("parameter {%s}: a name is letters, digits, '_' and '-'", inner)
		}
	}
	if expr == "*" {
		s.CatchAll = true
		expr = ""
	} else if hasExpr {
		if err := checkExpr(expr); err != nil {
			return fmt.Errorf("parameter {%s}: %w", inner, err)
		}
	}
	s.Parts = append(s.Parts, Part{Param: name, Expr: expr})
	return nil
}

func checkExpr(expr string) error {
	if expr == "" {
		return errors.New("the regular expression after ':' is empty")
	}
	if strings.Contains(expr, "/") {
		return errors.New("a parameter takes no slash, so its expression cannot have one")
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return err
	}
	if parsed.MaxCap() > 0 {
		return errors.New("groups that capture are not allowed; write (?:...)")
	}
	return nil
}

// checkText refuses text that no path in normal form contains.
func checkText(text string) error {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case isUnreserved(c) || strings.IndexByte("!$&'()*+,;=:@", c) >= 0:
		case c == '%':
			if err := checkEscape(text[i:]); err != nil {
				return err
			}
			i += 2
		case c == '?':
			return errors.New("'?' can never match: the query is not part of the path")
		case c == '#':
			return errors.New("'#' can never match: a fragment is never sent")
		case c >= 0x80:
			return fmt.Errorf("%q can never match: write it percent-encoded", string([]rune(text[i:])[0]))
		default:
			return fmt.Errorf("%q can never match: write %%%02X", c, c)
		}
	}
	return nil
}

// checkEscape judges the percent sign that text starts with.
func checkEscape(text string) error {
	escape := text[:min(3, len(text))]
	c, err := strconv.ParseUint(escape[1:], 16, 8)
	if err != nil || len(escape) < 3 {
		return errors.New("'%' must be followed by two hexadecimal digits; the character itself is written %25")
	}
	if isUnreserved(byte(c)) {
		return fmt.Errorf("%s can never match: write %c", escape, c)
	}
	if upper := strings.ToUpper(escape); upper != escape {
		return fmt.Errorf("%s can never match: write %s", escape, upper)
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~", c) >= 0
}

// Params returns the names of the parameters in order of the path.
func (p Pattern) Params() (names []string) {
	for _, s := range p.Segments {
		for _, part := range s.Parts {
			if part.Param != "" {
				names = append(names, part.Param)
			}
		}
	}
	return names
}

// Shapes returns the pattern with its parameters numbered from 1 in place of
// named, once for each way to leave out optional segments, shortest first:
// "/a/{x?}" gives "/a" and "/a/{1}". Two patterns that differ in the names of
// parameters only have the same shapes.
func (p Pattern) Shapes() []string {
	var shapes []string
	for segments := range p.variants() {
		shapes = append(shapes, shape(segments))
	}
	return shapes
}

func shape(segments []Segment) string {
	var b strings.Builder
	n := 0
	for _, s := range segments {
		b.WriteByte('/')
		for _, part := range s.Parts {
			if part.Param == "" {
				b.WriteString(part.Text)
				continue
			}
			n++
			fmt.Fprintf(&b, "{%d", n)
			if s.CatchAll {
				b.WriteString(":*")
			} else if part.Expr != "" {
				b.WriteString(":" + part.Expr)
			}
			b.WriteByte('}')
		}
	}
	return b.String()
}

// variants yields the segments for each way to leave out optional ones.
func (p Pattern) variants() iter.Seq[[]Segment] {
	least := slices.IndexFunc(p.Segments, func(s Segment) bool { return s.Optional })
	if least < 0 {
		least = len(p.Segments)
	}
	return func(yield func([]Segment) bool) {
		for n := least; n <= len(p.Segments); n++ {
			segments := p.Segments[:n]
			if n == 0 {
				segments = []Segment{{}} // "/{x?}" without x is "/"
			}
			if !yield(segments) {
				return
			}
		}
	}
}
