package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a configuration file.
type Problem struct {
	File    string // as given to Load or Parse
	Line    int    // from 1
	Column  int    // from 1, in characters
	Message string // one line, without the position
}

// Error gives the problem as file:line:column: message.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Errors are all problems of one file, sorted by position. Load and Parse
// return it as their error; use [errors.As] to get at the single problems.
type Errors []Problem

// Error gives one line for each problem.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// position is a place in the file; both count from 1.
type position struct{ line, column int }

// problems collects what is wrong while a file is read.
type problems struct {
	file string
	list Errors
}

func (p *problems) add(at position, format string, args ...any) {
	p.list = append(p.list, Problem{p.file, at.line, at.column, fmt.Sprintf(format, args...)})
}

func (p *problems) onLine(line int) bool {
	return slices.ContainsFunc(p.list, func(q Problem) bool { return q.Line == line })
}

// err returns what was collected, sorted, or nil.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p.list
}

// suggest returns "; did you mean ...?" with the known word nearest to word,
// or nothing if none is near enough to be a slip of the hand.
func suggest(word string, known []string) string {
	best, distance := "", min(len(word)/3, 3)+1
	for _, k := range known {
		if d := editDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance counts the bytes to insert, delete or replace between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
