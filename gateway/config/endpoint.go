package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func readEndpoint(r reader, t *table, dir string) Endpoint {
	ep := Endpoint{Line: t.at.line}
	r.table(t, "in [[endpoint]]", fields{
		"name": func(e *entry) {
			if r.text(e, &ep.Name) {
				r.check(e, CheckName(ep.Name))
			}
		},
		"domain": func(e *entry) {
			if r.text(e, &ep.Domain) {
				ep.Domain = strings.ToLower(ep.Domain)
				r.check(e, CheckDomain(ep.Domain))
			}
		},
		"path": func(e *entry) {
			if r.text(e, &ep.Path) {
				_, err := ParsePattern(ep.Path)
				r.check(e, err)
			}
		},
		"method": func(e *entry) {
			var method string
			if r.text(e, &method) {
				r.check(e, CheckMethod(method))
				ep.Methods = append(ep.Methods, method)
			}
		},
		"methods":         func(e *entry) { ep.Methods = append(ep.Methods, readMethods(r, e)...) },
		"source":          func(e *entry) { r.place(e, dir, true, &ep.Source) },
		"library":         func(e *entry) { r.place(e, dir, false, &ep.Library) },
		"timeout":         func(e *entry) { r.duration(e, &ep.Timeout) },
		"max_body":        func(e *entry) { r.size(e, 1, 1<<30, &ep.MaxBody) },
		"max_concurrency": func(e *entry) { r.count(e, 1_000_000, &ep.MaxConcurrency) },
		"max_native":      func(e *entry) { r.count(e, 4096, &ep.MaxNative) },
		"max_stuck":       func(e *entry) { r.count(e, 1024, &ep.MaxStuck) },
		"isolation": func(e *entry) {
			if r.text(e, &ep.Isolation) {
				r.check(e, CheckIsolation(ep.Isolation))
			}
		},
		"process":   func(e *entry) { ep.Process = readProcess(r, e) },
		"probation": func(e *entry) { ep.Probation = readProbation(r, e) },
		"rate":      func(e *entry) { r.nonzero(e, &ep.Rate) },
		"burst":     func(e *entry) { r.count(e, 1_000_000, &ep.Burst) },
		"config":    func(e *entry) { ep.Config = readConfig(r, e) },
		"services":  func(e *entry) { ep.Services = readBindings(r, e) },
	})

	for _, key := range []string{"rate", "burst"} {
		if e := t.find(key); e != nil {
			if !r.problems.onLine(e.position().line) {
				r.check(e, CheckRate(ep.Rate, ep.Burst))
			}
			break
		}
	}

	if e := t.find("probation"); e != nil {
		if t.find("isolation") == nil || ep.Isolation == "worker" || ep.Isolation == "process" {
			r.problems.add(e.position(), `[endpoint.probation] has no effect without isolation = "auto": add that, or leave it out`)
		}
	}

	title := "[[endpoint]]"
	if ep.Name != "" {
		title = fmt.Sprintf("endpoint %q", ep.Name)
	}
	for _, key := range []string{"name", "path"} {
		if t.find(key) == nil {
			r.problems.add(t.at, "%s has no %q", title, key)
		}
	}
	source, library := t.find("source"), t.find("library")
	if source == nil && library == nil {
		r.problems.add(t.at, `%s needs "source" (a folder to compile) or "library" (a compiled file)`, title)
	}
	r.exclusive(title, source, library)
	r.exclusive(title, t.find("method"), t.find("methods"))
	return ep
}

// exclusive notes where a table has both of two keys.
func (r reader) exclusive(title string, a, b *entry) {
	if a == nil || b == nil {
		return
	}
	second := b
	if a.at.line > b.at.line {
		second = a
	}
	r.problems.add(second.at, "%s has both %q and %q; keep one", title, a.key, b.key)
}

func readMethods(r reader, e *entry) (methods []string) {
	a, ok := e.value.(*array)
	if !ok {
		r.wrongType(e, `an array such as ["GET", "POST"]`)
		return nil
	}
	if len(a.items) == 0 {
		r.problems.add(e.at, `"methods" is empty; leave it out to answer every method`)
	}
	for _, item := range a.items {
		var method string
		one := &entry{e.key, e.at, item}
		if !r.text(one, &method) {
			continue
		}
		if slices.Contains(methods, method) {
			r.problems.add(one.position(), "method %q is listed twice", method)
			continue
		}
		r.check(one, CheckMethod(method))
		methods = append(methods, method)
	}
	return methods
}

func readConfig(r reader, e *entry) map[string]string {
	t, ok := e.value.(*table)
	if !ok {
		r.problems.add(e.position(), `"config" must be a table, written [endpoint.config], not %s`, typeName(e.value))
		return nil
	}
	values := make(map[string]string, len(t.entries))
	for _, e := range t.entries {
		text, err := configText(e.value)
		if err != nil {
			r.problems.add(e.position(), "config value %q %s", e.key, err)
			continue
		}
		values[e.key] = text
	}
	return values
}

func checkNames(r reader, endpoints []Endpoint, tables []*table) {
	first := map[string]int{}
	for i, ep := range endpoints {
		if ep.Name == "" {
			continue
		}
		if line, known := first[ep.Name]; known {
			r.problems.add(tables[i].find("name").position(), "endpoint %q is already defined at line %d", ep.Name, line)
			continue
		}
		first[ep.Name] = ep.Line
	}
}

func checkRoutes(r reader, endpoints []Endpoint, tables []*table) {
	routes := make([]Route, len(endpoints))
	for i, ep := range endpoints {
		routes[i] = ep.Route()
	}
	for _, c := range FindConflicts(routes) {
		first, second := endpoints[c.First], endpoints[c.Second]
		r.problems.add(tables[c.Second].find("path").position(),
			"path %q conflicts with %q of the endpoint at line %d: both answer %s for %s; names and expressions of parameters and a trailing slash do not tell routes apart",
			second.Path, first.Path, first.Line, methodList(c.Methods), domainName(first.Domain))
	}
}

func methodList(methods []string) string {
	if len(methods) == 0 {
		return "every method"
	}
	return strings.Join(methods, ", ")
}

func domainName(domain string) string {
	if domain == "" {
		return "any domain"
	}
	return domain
}

func sortedKeys(known fields) []string {
	return slices.Sorted(maps.Keys(known))
}
