package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// DefaultMailbox is how many operations wait for a service that does not say.
const DefaultMailbox = 256

func readService(r reader, t *table, dir string) Service {
	s := Service{Line: t.at.line, Enabled: true, Mailbox: DefaultMailbox, Options: Options{}}
	driver := findDriver(r, t, &s)
	known := fields{
		"kind":   func(*entry) {},
		"driver": func(*entry) {},
		"name": func(e *entry) {
			if r.text(e, &s.Name) {
				r.check(e, CheckName(s.Name))
			}
		},
		"enabled": func(e *entry) { r.boolean(e, &s.Enabled) },
		"workers": func(e *entry) { r.count(e, 1024, &s.Workers) },
		"mailbox": func(e *entry) { r.count(e, 1_000_000, &s.Mailbox) },
		"timeout": func(e *entry) { r.duration(e, &s.Timeout) },
	}
	if driver == nil {
		for _, e := range t.entries { // which options there are is not known
			if known[e.key] == nil {
				known[e.key] = func(*entry) {}
			}
		}
		r.table(t, "in [[service]]", known)
		return s
	}
	s.Workers, s.Timeout = driver.Workers, driver.Timeout
	for _, option := range driver.Options {
		known[option.Name] = func(e *entry) { r.option(e, option, dir, s.Options) }
	}
	FindKind(s.Kind).foreign(r, t, known)
	r.table(t, fmt.Sprintf("of a service of kind %q with driver %q", s.Kind, s.Driver), known)
	if t.find("name") == nil {
		r.problems.add(t.at, `[[service]] has no "name"`)
	}
	for _, option := range driver.Options {
		switch {
		case t.find(option.Name) != nil:
		case option.Required:
			r.problems.add(t.at, "%s has no %q, which driver %q needs%s", s.title(), option.Name, s.Driver, option.hint())
		case option.Default != nil:
			s.Options[option.Name] = option.Default
		}
	}
	return s
}

// findDriver looks kind and driver up; nil if a problem was noted.
func findDriver(r reader, t *table, s *Service) *Driver {
	e := t.find("kind")
	if e == nil {
		r.problems.add(t.at, `[[service]] has no "kind": one of %s`, strings.Join(kindNames(), ", "))
		return nil
	}
	if !r.text(e, &s.Kind) {
		return nil
	}
	kind := FindKind(s.Kind)
	if kind == nil {
		r.problems.add(e.position(), "there is no kind of service %q: it is one of %s%s", s.Kind, strings.Join(kindNames(), ", "), suggestKind(s.Kind))
		return nil
	}
	s.Driver = kind.Drivers[0].Name
	if e = t.find("driver"); e != nil && !r.text(e, &s.Driver) {
		return nil
	}
	driver := kind.Find(s.Driver)
	if driver == nil {
		r.problems.add(e.position(), "there is no driver %q for kind %q: it is one of %s%s", s.Driver, s.Kind, strings.Join(kind.driverNames(), ", "), suggest(s.Driver, kind.driverNames()))
	}
	return driver
}

// suggestKind is what was meant by a kind that there is not: it may be a driver.
func suggestKind(name string) string {
	for _, kind := range Kinds {
		if kind.Find(name) != nil {
			return fmt.Sprintf("; did you mean kind = %q with driver = %q?", kind.Name, name)
		}
	}
	return suggest(name, kindNames())
}

// foreign notes the options that other drivers of the kind have, and takes them
// for known.
func (k *Kind) foreign(r reader, t *table, known fields) {
	for _, e := range t.entries {
		if known[e.key] != nil {
			continue
		}
		for _, d := range k.Drivers {
			if slices.ContainsFunc(d.Options, func(o Option) bool { return o.Name == e.key }) {
				known[e.key] = func(e *entry) {
					r.problems.add(e.at, "%q is a key of driver %q: write driver = %q beside kind = %q", e.key, d.Name, d.Name, k.Name)
				}
				break
			}
		}
	}
}

// title is how a message calls the service.
func (s *Service) title() string {
	if s.Name == "" {
		return "[[service]]"
	}
	return fmt.Sprintf("service %q", s.Name)
}

func (o Option) hint() string {
	if o.Help == "" {
		return ""
	}
	return ": " + o.Help
}

func (r reader) boolean(e *entry, to *bool) bool {
	text, ok := r.scalar(e, unstable.Bool, "true or false")
	*to = text == "true"
	return ok
}

// option reads the value of an option into o.
func (r reader) option(e *entry, option Option, dir string, o Options) {
	value, err := option.Read(plain(e.value))
	if err == nil && r.foreign {
		err = option.CheckForeign(value)
	} else if err == nil {
		value, err = option.Resolve(value, dir)
	}
	if err == nil {
		o[e.key] = value
		return
	}
	if one := (itemError{}); errors.As(err, &one) {
		e = &entry{e.key, e.at, e.value.(*array).items[one.item]}
	}
	r.check(e, err)
}

// referred reads what "env:NAME" or "file:PATH" stands for. No error shows it.
func referred(text, dir string) (string, error) {
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		value, set := os.LookupEnv(name)
		if !set || value == "" {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		return value, nil
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		path = resolve(dir, path)
		data, err := os.ReadFile(path)
		if err != nil {
			var detail *fs.PathError
			if errors.As(err, &detail) {
				err = detail.Err
			}
			return "", fmt.Errorf("cannot read %q: %w", path, err)
		}
		value := strings.TrimRight(string(data), "\r\n")
		if value == "" {
			return "", fmt.Errorf("%q is empty", path)
		}
		return value, nil
	}
	return text, nil
}

func checkServices(r reader, services []Service, tables []*table) {
	first := map[string]int{}
	for i, s := range services {
		if s.Name == "" {
			continue
		}
		if line, known := first[s.Name]; known {
			r.problems.add(tables[i].find("name").position(), "service %q is already defined at line %d", s.Name, line)
			continue
		}
		first[s.Name] = s.Line
	}
}

// checkDatabases notes what an email service takes mail from and cannot.
func checkDatabases(r reader, services []Service, tables []*table) {
	kinds := map[string]string{}
	var databases []string
	for _, s := range services {
		kinds[s.Name] = s.Kind
		if s.Kind == "sql" {
			databases = append(databases, s.Name)
		}
	}
	for i, s := range services {
		e := tables[i].find("databases")
		for _, name := range s.Options.Texts("databases") {
			switch kind, ok := kinds[name]; {
			case !ok:
				r.problems.add(e.position(), "there is no service %q%s", name, suggest(name, databases))
			case kind != "sql" && kind != "":
				r.problems.add(e.position(), "service %q is of kind %q: mail is sent in transactions of a service of kind \"sql\"", name, kind)
			}
		}
	}
}

func readBindings(r reader, e *entry) map[string]string {
	t, ok := e.value.(*table)
	if !ok {
		r.problems.add(e.position(), `"services" must be a table, written [endpoint.services], not %s`, typeName(e.value))
		return nil
	}
	bindings := make(map[string]string, len(t.entries))
	for _, e := range t.entries {
		var name string
		if r.text(e, &name) {
			bindings[e.key] = name
		}
	}
	return bindings
}

// checkBindings notes bindings to services that are not there.
func checkBindings(r reader, endpoints []Endpoint, tables []*table, services []Service) {
	names := map[string]bool{}
	for _, s := range services {
		names[s.Name] = true
	}
	for i, ep := range endpoints {
		e := tables[i].find("services")
		for local, name := range ep.Services {
			if names[name] {
				continue
			}
			at := e.value.(*table).find(local)
			if len(services) == 0 {
				r.problems.add(at.position(), "there is no service %q: the file has no [[service]]", name)
				continue
			}
			r.problems.add(at.position(), "there is no service %q%s", name, suggest(name, slices.Sorted(maps.Keys(names))))
		}
	}
}
