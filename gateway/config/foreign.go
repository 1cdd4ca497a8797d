package config

import (
	"fmt"
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

// CheckForeign tells whether an option may have a value, as [Option.Read] gives
// it, that somebody sent: what it refers to is not looked up, and a path is of
// this machine.
func (o Option) CheckForeign(value any) error {
	text, _ := value.(string)
	if secret, ok := value.(Hidden); ok {
		text = secret.Reveal()
	}
	switch {
	case o.Type == Path:
		if !filepath.IsAbs(filepath.FromSlash(text)) {
			return fmt.Errorf("%q must be an absolute path: it is of the machine of the gateway", o.Name)
		}
	case o.Type != Text && o.Type != Secret:
	case Refers(text):
		if path, ok := strings.CutPrefix(text, "file:"); ok && !filepath.IsAbs(filepath.FromSlash(path)) {
			return fmt.Errorf("%q: what follows \"file:\" must be an absolute path: it is of the machine of the gateway", o.Name)
		}
	case o.Type == Text:
		return o.Check(text)
	}
	return nil
}
