package config

import (
	"errors"
	"path/filepath"
	"strings"
)

// ParseForeign is [Parse] for a configuration that someone sent, with the files
// beside it in dir. Nothing of this machine gets into it: "env:" and "file:" in
// options of services stay as they are written, as do paths there, and what a
// "file:" or a path names has to be absolute. Sources and libraries have to be
// in dir. A [server] table is refused. Endpoints may be bound to services that
// the file does not have.
func ParseForeign(name string, data []byte, dir string) (*File, error) {
	return parse(name, data, dir, true)
}

// place reads the name of a folder, or of a file, that has to be there.
func (r reader) place(e *entry, dir string, folder bool, to *string) {
	var written string
	if !r.text(e, &written) {
		return
	}
	*to = resolve(dir, written)
	shown := *to
	if r.foreign {
		if !filepath.IsLocal(filepath.FromSlash(written)) {
			r.problems.add(e.position(), "%s: %q is not in the same folder as this file, or below it", e.key, written)
			return
		}
		shown = written
	}
	r.check(e, exists(e.key, *to, shown, folder))
}

// referred reads what "env:NAME" or "file:PATH" stands for, or leaves it as it is
// if it is foreign.
func (r reader) referred(text, dir string) (string, error) {
	if !r.foreign {
		return referred(text, dir)
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok && !filepath.IsAbs(filepath.FromSlash(path)) {
		return "", errors.New(`what follows "file:" must be an absolute path: it is of the machine of the gateway`)
	}
	return text, nil
}
