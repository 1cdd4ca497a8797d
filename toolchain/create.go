package toolchain

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The templates carry a suffix: a go.mod or a .go file of that name would be
// part of this module, or none at all.
//
//go:embed template
var templates embed.FS

const templateSuffix = ".tmpl"

// projectName is what a crate, a module and an endpoint may all be called.
var projectName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// Create writes a new handler project into dir, which must be empty or not
// there: source that builds and answers GET /hello/{name}, an edge-gateway.toml
// that serves it, and a README. name is that of the handler; if empty, it is
// made from the folder's. On an error nothing that was written stays.
func Create(language Language, dir, name string) (err error) {
	if err := absolute(&dir); err != nil {
		return err
	}
	if !slices.Contains(Languages(), language) {
		return fmt.Errorf("no template for language %q: there are c, rust and go", language)
	}
	if name == "" {
		name = nameFrom(filepath.Base(dir))
	}
	if !projectName.MatchString(name) {
		return fmt.Errorf("name %q: use lower-case letters, digits, - and _, and begin with a letter", name)
	}
	made, err := makeEmptyDir(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			discard(dir, made)
		}
	}()
	if err := writeTemplates(path.Join("template", string(language)), dir, name); err != nil {
		return err
	}
	return writeTemplate("template/edge-gateway.toml"+templateSuffix, filepath.Join(dir, "edge-gateway.toml"), name)
}

// makeEmptyDir tells whether it had to make the folder.
func makeEmptyDir(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, os.MkdirAll(dir, 0o755)
	case err != nil:
		return false, fmt.Errorf("new project: %w", err)
	case len(entries) > 0:
		return false, fmt.Errorf("folder %q is not empty (%s is in it): name a new one", dir, entries[0].Name())
	}
	return false, nil
}

func discard(dir string, made bool) {
	if made {
		os.RemoveAll(dir)
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		os.RemoveAll(filepath.Join(dir, entry.Name()))
	}
}

func writeTemplates(root, dir, name string) error {
	return fs.WalkDir(templates, root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		target := strings.TrimSuffix(strings.TrimPrefix(file, root+"/"), templateSuffix)
		if target == "gitignore" {
			target = ".gitignore" // embedding leaves out names with a dot
		}
		return writeTemplate(file, filepath.Join(dir, filepath.FromSlash(target)), name)
	})
}

func writeTemplate(file, target, name string) error {
	text, err := templates.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, []byte(strings.ReplaceAll(string(text), "@NAME@", name)), 0o644)
}

// nameFrom makes the best of a folder's name.
func nameFrom(folder string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		}
		return '-'
	}, folder)
	name = strings.Trim(name, "-_")
	if name == "" || name[0] < 'a' {
		name = "handler-" + name
	}
	return strings.TrimRight(name[:min(len(name), 63)], "-_")
}
