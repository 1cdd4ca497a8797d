package toolchain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Language is what a handler is written in.
type Language string

// The languages there is a driver for.
const (
	C    Language = "c"
	Rust Language = "rust"
	Go   Language = "go"
)

// Languages lists them in the order they are documented.
func Languages() []Language { return []Language{C, Rust, Go} }

// ErrLanguage tells that a folder's language cannot be found out.
var ErrLanguage = errors.New("language not clear")

// Detect finds the language of a source folder by the files in it: Cargo.toml
// is Rust, go.mod is Go, *.c is C. No such file, and more than one kind, is an
// error that matches [ErrLanguage] and says what was found.
func Detect(dir string) (Language, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("read source folder: %w", err)
	}
	var found []Language
	var names []string
	add := func(language Language, name string) {
		for _, l := range found {
			if l == language {
				return
			}
		}
		found = append(found, language)
		names = append(names, fmt.Sprintf("%s (%s)", name, language))
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case entry.IsDir():
		case name == "Cargo.toml":
			add(Rust, name)
		case name == "go.mod":
			add(Go, name)
		case isC(name):
			add(C, name)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("source folder %q: %w: no Cargo.toml (rust), go.mod (go) or *.c file (c) in it", dir, ErrLanguage)
	}
	return "", fmt.Errorf("source folder %q: %w: %s are there; keep one handler in one language per folder",
		dir, ErrLanguage, strings.Join(names, " and "))
}

// isC leaves out names with a leading dot: editors keep locks and swap files so.
func isC(name string) bool {
	return filepath.Ext(name) == ".c" && !strings.HasPrefix(name, ".")
}
