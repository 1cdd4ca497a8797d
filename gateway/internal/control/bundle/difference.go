package bundle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// difference collects what is to change, in words.
type difference []string

func (d *difference) add(format string, args ...any) { *d = append(*d, fmt.Sprintf(format, args...)) }

func (d *difference) value(what string, before, after any) {
	if before, after := fmt.Sprint(before), fmt.Sprint(after); before != after {
		d.add("%s %s -> %s", what, before, after)
	}
}

func (d difference) String() string { return strings.Join(d, "; ") }

func endpointDifference(before, after model.EndpointSpec) string {
	var d difference
	d.value("route", route(before), route(after))
	d.value("timeout", limit(before.Limits.Timeout), limit(after.Limits.Timeout))
	d.value("max_body", limit(before.Limits.MaxBody), limit(after.Limits.MaxBody))
	d.value("max_concurrency", limit(before.Limits.MaxConcurrency), limit(after.Limits.MaxConcurrency))
	d.value("max_native", limit(before.Limits.MaxNative), limit(after.Limits.MaxNative))
	d.value("max_stuck", limit(before.Limits.MaxStuck), limit(after.Limits.MaxStuck))
	d.value("isolation", cmp.Or(before.Isolation, model.InWorker), cmp.Or(after.Isolation, model.InWorker))
	d.value("memory of the process", limit(before.Process.Memory), limit(after.Process.Memory))
	d.value("cpu of the process", limit(before.Process.CPU), limit(after.Process.CPU))
	d.value("files of the process", limit(before.Process.Files), limit(after.Process.Files))
	d.value("open process", before.Process.Open, after.Process.Open)
	d.value("requests of the probation", limit(before.Probation.Requests), limit(after.Probation.Requests))
	d.value("time of the probation", limit(before.Probation.Time), limit(after.Probation.Time))
	d.value("rate", limit(before.Limits.Rate), limit(after.Limits.Rate))
	d.value("burst", limit(before.Limits.Burst), limit(after.Limits.Burst))
	// A handler's configuration may well hold a password: it is not shown.
	d.entries("config", before.Config, after.Config, func(key, _, _ string) { d.add("config %s differs", key) })
	d.entries("binding", before.Services, after.Services, func(local, from, to string) { d.value("binding "+local, from, to) })
	return d.String()
}

// entries compares two maps; differs is told of keys with another value.
func (d *difference) entries(what string, before, after map[string]string, differs func(key, before, after string)) {
	all := maps.Clone(after)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, before)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		old, was := before[key]
		value, is := after[key]
		switch {
		case !was:
			d.add("%s %s added", what, key)
		case !is:
			d.add("%s %s removed", what, key)
		case old != value:
			differs(key, old, value)
		}
	}
}

func serviceDifference(before, after model.ServiceSpec) string {
	var d difference
	kind := config.FindKind(after.Kind)
	if kind == nil {
		d.value("kind", before.Kind, after.Kind)
		return d.String()
	}
	embedded := kind.Drivers[0].Name
	d.value("kind", before.Kind, after.Kind)
	d.value("driver", cmp.Or(before.Driver, embedded), cmp.Or(after.Driver, embedded))
	driver := kind.Find(cmp.Or(after.Driver, embedded))
	if driver == nil || len(d) > 0 {
		return d.String() // its options mean other things now
	}
	if before.Inactive != after.Inactive {
		d.add("%s", state(after))
	}
	before, after = withoutDefaults(before, kind, driver), withoutDefaults(after, kind, driver)
	d.value("workers", limit(before.Workers), limit(after.Workers))
	d.value("mailbox", limit(before.Mailbox), limit(after.Mailbox))
	d.value("timeout", limit(before.Timeout), limit(after.Timeout))
	for _, o := range driver.Options {
		old, value := plain(o, before.Options[o.Name]), plain(o, after.Options[o.Name])
		switch {
		case o.Type != config.Secret:
			d.value(o.Name, fmt.Sprintf("%q", old), fmt.Sprintf("%q", value))
		case old != value && (value != model.HiddenSecret || old == ""):
			d.add("%s differs", o.Name)
		}
	}
	return d.String()
}

func describeService(s model.ServiceSpec) string {
	driver := s.Driver
	if kind := config.FindKind(s.Kind); driver == "" && kind != nil {
		driver = kind.Drivers[0].Name
	}
	return s.Kind + ", " + driver
}

func state(s model.ServiceSpec) string {
	if s.Inactive {
		return "deactivated"
	}
	return "activated"
}

func route(s model.EndpointSpec) string {
	methods := "every method"
	if len(s.Methods) > 0 {
		methods = strings.Join(slices.Sorted(slices.Values(s.Methods)), ",")
	}
	return methods + " " + s.Domain + s.Path
}

// limit writes a number of which zero means the default.
func limit[T comparable](value T) string {
	var zero T
	if value == zero {
		return "default"
	}
	return fmt.Sprint(value)
}
