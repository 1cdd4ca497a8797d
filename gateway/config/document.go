package config

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// The tree below is what go-toml's decoder does not give: every key and value
// with its position, so that one pass can report everything that is wrong.

// table is a TOML table in the order of the file.
type table struct {
	at      position
	entries []*entry
	header  bool // was opened by a [header] of its own
	inline  bool // was written {...}, so nothing may be added
}

// entry is one key of a table. Its value is a *scalar, a *table or an *array.
type entry struct {
	key   string
	at    position
	value any
}

// scalar is a value that is neither table nor array.
type scalar struct {
	at   position
	kind unstable.Kind
	text string // the content of a string, else as written
}

// array is [...] or, with headers, the tables of [[...]].
type array struct {
	items   []any
	headers bool
}

func (t *table) find(key string) *entry {
	for _, e := range t.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// builder turns the expressions of go-toml's parser into a tree.
type builder struct {
	problems *problems
	data     []byte
	parser   unstable.Parser
	lines    []int // offset of each line's first byte
}

// parseDocument reads data into a tree. The second result is false if data is
// not TOML from some place on, so that the tree is cut short there; what is
// missing from it then means nothing.
func parseDocument(problems *problems, data []byte) (*table, bool) {
	b := &builder{problems: problems, data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			b.lines = append(b.lines, i+1)
		}
	}
	b.parser.Reset(data)

	root := &table{at: position{1, 1}}
	open := root
	for b.parser.NextExpression() {
		switch node := b.parser.Expression(); node.Kind {
		case unstable.Table:
			open = b.openTable(root, node.Key())
		case unstable.ArrayTable:
			open = b.openArrayTable(root, node.Key())
		case unstable.KeyValue:
			b.set(open, node)
		}
	}
	if err := b.parser.Error(); err != nil {
		at := b.at(uint32(len(data)))
		var syntax *unstable.ParserError
		if errors.As(err, &syntax) {
			at = b.at(b.parser.Range(syntax.Highlight).Offset)
		}
		problems.add(at, "%s", err)
		return root, false
	}
	return root, true
}

// checkStandard has go-toml's decoder judge the rules of TOML that the tree
// does not care for (dates, digits, re-opened tables). It stops at its first
// error, which is of use only where nothing better has been said.
func checkStandard(problems *problems, data []byte) {
	var ignored map[string]any
	err := toml.Unmarshal(data, &ignored)
	if err == nil {
		return
	}
	at := position{1, 1}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		at.line, at.column = decode.Position()
		line := bytes.SplitN(data, []byte{'\n'}, at.line+1)[at.line-1]
		at.column = utf8.RuneCount(line[:at.column-1]) + 1
		err = errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	if !problems.onLine(at.line) {
		problems.add(at, "%s", err)
	}
}

func (b *builder) at(offset uint32) position {
	line, isStart := slices.BinarySearch(b.lines, int(offset))
	if !isStart {
		line--
	}
	return position{line + 1, utf8.RuneCount(b.data[b.lines[line]:offset]) + 1}
}

// openTable finds or makes the table of a [header]. A header that cannot be
// opened yields a table outside the tree: what follows it is not judged.
func (b *builder) openTable(root *table, keys unstable.Iterator) *table {
	t, key := b.walk(root, keys)
	at := b.at(key.Raw.Offset)
	name := string(key.Data)
	if t == nil {
		return &table{}
	}
	e := t.find(name)
	if e == nil {
		made := &table{at: at, header: true}
		t.entries = append(t.entries, &entry{name, at, made})
		return made
	}
	if known, ok := e.value.(*table); ok && !known.header && !known.inline {
		known.header = true
		return known
	}
	b.defined(at, e)
	return &table{}
}

func (b *builder) openArrayTable(root *table, keys unstable.Iterator) *table {
	t, key := b.walk(root, keys)
	at := b.at(key.Raw.Offset)
	name := string(key.Data)
	made := &table{at: at, header: true}
	if t == nil {
		return made
	}
	e := t.find(name)
	if e == nil {
		t.entries = append(t.entries, &entry{name, at, &array{[]any{made}, true}})
		return made
	}
	if known, ok := e.value.(*array); ok && known.headers {
		known.items = append(known.items, made)
		return made
	}
	b.defined(at, e)
	return made
}

// set adds key = value to a table.
func (b *builder) set(t *table, node *unstable.Node) {
	value := node.Value()
	t, key := b.walk(t, node.Key())
	at := b.at(key.Raw.Offset)
	if t == nil {
		return
	}
	if e := t.find(string(key.Data)); e != nil {
		b.defined(at, e)
		return
	}
	t.entries = append(t.entries, &entry{string(key.Data), at, b.value(value, at)})
}

// walk follows all parts of a dotted key but the last, which it returns. It
// makes the tables that are missing, and takes the last one of an array. The
// table is nil if a part of the key is something else.
func (b *builder) walk(t *table, keys unstable.Iterator) (*table, *unstable.Node) {
	keys.Next()
	for !keys.IsLast() {
		key := keys.Node()
		keys.Next()
		if t == nil {
			continue
		}
		at := b.at(key.Raw.Offset)
		e := t.find(string(key.Data))
		if e == nil {
			e = &entry{string(key.Data), at, &table{at: at}}
			t.entries = append(t.entries, e)
		}
		switch v := e.value.(type) {
		case *table:
			t = v
		case *array:
			t = nil
			if v.headers {
				t = v.items[len(v.items)-1].(*table)
			}
		default:
			t = nil
		}
		if t == nil || t.inline {
			b.defined(at, e)
			t = nil
		}
	}
	return t, keys.Node()
}

func (b *builder) defined(at position, e *entry) {
	b.problems.add(at, "%q is already defined at line %d", e.key, e.at.line)
}

// value converts one value; at stands in where go-toml keeps no position.
func (b *builder) value(node *unstable.Node, at position) any {
	switch node.Kind {
	case unstable.Array:
		a := &array{}
		for items := node.Children(); items.Next(); {
			a.items = append(a.items, b.value(items.Node(), at))
		}
		return a
	case unstable.InlineTable:
		t := &table{at: b.at(node.Raw.Offset)}
		for items := node.Children(); items.Next(); {
			b.set(t, items.Node())
		}
		t.inline = true
		return t
	default:
		return &scalar{b.at(node.Raw.Offset), node.Kind, string(node.Data)}
	}
}
