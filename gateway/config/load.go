package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads the configuration file at path. Where the file can be read but
// not accepted, the error is [Errors].
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if info, bad := os.Stat(path); bad == nil && info.IsDir() {
		return nil, fmt.Errorf("configuration %q is a folder; name a file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data, filepath.Dir(path))
}

// Parse reads a configuration from data. Name stands for the file in messages,
// and relative paths start from dir. Where data cannot be accepted, the error
// is [Errors]: after an error of syntax that one alone, since nothing beyond
// it can be judged, else every problem there is.
func Parse(name string, data []byte, dir string) (*File, error) {
	return parse(name, data, dir, false)
}

func parse(name string, data []byte, dir string, foreign bool) (*File, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("configuration %q: %w", name, err)
	}
	// Some editors put a byte order mark first; go-toml takes it for a key.
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))

	found := &problems{file: name}
	file := &File{Path: name, Dir: dir}
	if root, whole := parseDocument(found, data); whole {
		file.read(reader{found, foreign}, root)
		checkStandard(found, data)
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	return file, nil
}

// fields maps the keys of a table to what reads them.
type fields map[string]func(*entry)

// table reads all entries of t; where says in a message which table that is.
func (r reader) table(t *table, where string, known fields) {
	for _, e := range t.entries {
		if read, ok := known[e.key]; ok {
			read(e)
			continue
		}
		r.problems.add(e.at, "unknown key %q %s%s", e.key, where, suggest(e.key, sortedKeys(known)))
	}
}

func (f *File) read(r reader, root *table) {
	var endpoints, services []*table
	r.table(root, "at the top level", fields{
		"server": func(e *entry) {
			if r.foreign {
				r.problems.add(e.at, "a [server] table has no place here: it is the gateway's own, in its configuration file")
				return
			}
			t, ok := e.value.(*table)
			if !ok {
				r.problems.add(e.at, "server must be a table, written [server]")
				return
			}
			f.Server = readServer(r, t, f.Dir)
		},
		"endpoint": func(e *entry) {
			endpoints = r.tables(e)
		},
		"service": func(e *entry) { services = r.tables(e) },
	})
	for _, t := range services {
		f.Services = append(f.Services, readService(r, t, f.Dir))
	}
	checkServices(r, f.Services, services)
	if !r.foreign {
		checkDatabases(r, f.Services, services)
	}
	f.Endpoints = make([]Endpoint, len(endpoints))
	for i, t := range endpoints {
		f.Endpoints[i] = readEndpoint(r, t, f.Dir)
	}
	checkNames(r, f.Endpoints, endpoints)
	checkRoutes(r, f.Endpoints, endpoints)
	if !r.foreign {
		checkBindings(r, f.Endpoints, endpoints, f.Services)
	}
}

// tables gives the tables of [[key]].
func (r reader) tables(e *entry) (tables []*table) {
	a, ok := e.value.(*array)
	for i := 0; ok && i < len(a.items); i++ {
		var t *table
		if t, ok = a.items[i].(*table); ok {
			tables = append(tables, t)
		}
	}
	if !ok {
		r.problems.add(e.at, "every %s is a table of its own, written [[%s]]", e.key, e.key)
	}
	return tables
}

func readServer(r reader, t *table, dir string) (s Server) {
	r.table(t, "in [server]", fields{
		"listen": func(e *entry) {
			if r.text(e, &s.Listen) {
				r.check(e, checkListen(s.Listen))
			}
		},
		"data": func(e *entry) {
			if r.text(e, &s.Data) {
				s.Data = resolve(dir, s.Data)
			}
		},
		"admin": func(e *entry) {
			if r.text(e, &s.Admin) && s.Admin != AdminOff {
				r.check(e, checkListen(s.Admin))
			}
		},
		"header_limit":    func(e *entry) { r.size(e, 1<<10, 1<<20, &s.HeaderLimit) },
		"read_timeout":    func(e *entry) { r.duration(e, &s.ReadTimeout) },
		"idle_timeout":    func(e *entry) { r.duration(e, &s.IdleTimeout) },
		"drain_timeout":   func(e *entry) { r.duration(e, &s.DrainTimeout) },
		"max_connections": func(e *entry) { r.count(e, 1_000_000, &s.MaxConnections) },
		"standby":         func(e *entry) { r.boolean(e, &s.Standby) },

		"memory":           func(e *entry) { r.size(e, 1<<20, 16<<40, &s.Memory) },
		"recycle_memory":   func(e *entry) { r.size(e, 1<<20, 16<<40, &s.RecycleMemory) },
		"recycle_retained": func(e *entry) { r.size(e, 1, 16<<40, &s.RecycleRetained) },
		"recycle_stuck":    func(e *entry) { r.count(e, 100_000, &s.RecycleStuck) },
	})
	if s.Memory > 0 && s.RecycleMemory >= s.Memory {
		r.problems.add(t.find("recycle_memory").position(), `"recycle_memory" must be below "memory", above which requests are refused`)
	}
	return s
}

// check notes the error of a value, if there is one.
func (r reader) check(e *entry, err error) {
	if err != nil {
		r.problems.add(e.position(), "%s", err)
	}
}

func resolve(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// exists checks that key names a folder, or a file, that is there. Messages
// have shown in place of its path.
func exists(key, path, shown string, folder bool) error {
	what := "file"
	if folder {
		what = "folder"
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no %s %q", key, what, shown)
	case err != nil:
		var detail *fs.PathError
		if errors.As(err, &detail) {
			err = detail.Err
		}
		return fmt.Errorf("%s: cannot read %q: %w", key, shown, err)
	case folder && !info.IsDir():
		return fmt.Errorf("%s: %q is not a folder; a compiled file is named by library", key, shown)
	case !folder && info.IsDir():
		return fmt.Errorf("%s: %q is a folder; a folder to compile is named by source", key, shown)
	case !folder && !info.Mode().IsRegular():
		return fmt.Errorf("%s: %q is not a regular file", key, shown)
	}
	return nil
}
