package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Kinds lists every kind of service with its drivers and their options: what a
// configuration is checked against, and what the documentation shows.
var Kinds = []Kind{sqlKind, cacheKind, storageKind, emailKind, httpKind}

// FindKind looks a kind of service up; nil if there is none of that name.
func FindKind(name string) *Kind {
	for i := range Kinds {
		if Kinds[i].Name == name {
			return &Kinds[i]
		}
	}
	return nil
}

// Find looks a driver up; nil if there is none of that name.
func (k *Kind) Find(name string) *Driver {
	for i := range k.Drivers {
		if k.Drivers[i].Name == name {
			return &k.Drivers[i]
		}
	}
	return nil
}

func kindNames() (names []string) {
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

func (k *Kind) driverNames() (names []string) {
	for _, d := range k.Drivers {
		names = append(names, d.Name)
	}
	return names
}

// Complete checks a service that was not read from a file, fills in defaults
// where it is zero, and says what is wrong with it otherwise. Options that are
// secrets may be given as strings.
func (s Service) Complete() (Service, error) {
	if err := CheckName(s.Name); err != nil {
		return s, err
	}
	kind := FindKind(s.Kind)
	if kind == nil {
		return s, fmt.Errorf("there is no kind of service %q: it is one of %s", s.Kind, strings.Join(kindNames(), ", "))
	}
	if s.Driver == "" {
		s.Driver = kind.Drivers[0].Name
	}
	driver := kind.Find(s.Driver)
	if driver == nil {
		return s, fmt.Errorf("there is no driver %q for kind %q: it is one of %s", s.Driver, s.Kind, strings.Join(kind.driverNames(), ", "))
	}
	if s.Workers < 0 || s.Mailbox < 0 || s.Timeout < 0 {
		return s, fmt.Errorf("workers, mailbox and timeout must not be negative")
	}
	if s.Workers == 0 {
		s.Workers = driver.Workers
	}
	if s.Mailbox == 0 {
		s.Mailbox = DefaultMailbox
	}
	if s.Timeout == 0 {
		s.Timeout = driver.Timeout
	}
	var err error
	s.Options, err = driver.complete(s.Options)
	return s, err
}

func (d *Driver) complete(given Options) (Options, error) {
	complete := Options{}
	for name := range given {
		if !slices.ContainsFunc(d.Options, func(o Option) bool { return o.Name == name }) {
			return nil, fmt.Errorf("driver %q has no option %q", d.Name, name)
		}
	}
	for _, o := range d.Options {
		value, ok := given[o.Name]
		switch text, isText := value.(string); {
		case !ok && o.Required:
			return nil, fmt.Errorf("option %q is missing: %s", o.Name, o.Help)
		case !ok && o.Default == nil:
			continue
		case !ok:
			value = o.Default
		case o.Type == Secret && isText:
			value = Hidden(text)
		}
		if n, ok := value.(int); ok {
			value = int64(n)
		}
		if got, want := reflect.TypeOf(value), goTypes[o.Type]; got != want {
			return nil, fmt.Errorf("option %q must be a %v, not a %v", o.Name, want, got)
		}
		complete[o.Name] = value
	}
	return complete, nil
}

var goTypes = map[OptionType]reflect.Type{
	Text: reflect.TypeFor[string](), Secret: reflect.TypeFor[Hidden](), Path: reflect.TypeFor[string](),
	Integer: reflect.TypeFor[int64](), Boolean: reflect.TypeFor[bool](), Duration: reflect.TypeFor[time.Duration](),
	Size: reflect.TypeFor[int64](), Texts: reflect.TypeFor[[]string](),
}
