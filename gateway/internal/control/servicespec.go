package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// checkService makes of what was asked for what is kept: options of the types
// that the driver says, and secrets apart. before is the service as it was, of
// which a secret that is given as hidden stays; zero for a new one.
func checkService(spec model.ServiceSpec, before state.Service) (state.Service, error) {
	made := before
	made.ServiceSpec = spec
	if spec.Kind != before.Kind || spec.Driver != "" && spec.Driver != before.Driver {
		before.Secrets = nil // none of them is told to another kind of backend
	}
	if err := config.CheckName(spec.Name); err != nil {
		return made, invalid("name", err)
	}
	driver, err := driverOf(&made.ServiceSpec)
	if err == nil {
		err = checkBounds(spec)
	}
	if err == nil {
		made.Options, made.Secrets, err = checkOptions(driver, spec.Options, before)
	}
	return made, err
}

// driverOf finds the driver of a service, and puts its name into the spec.
func driverOf(spec *model.ServiceSpec) (*config.Driver, error) {
	kind := config.FindKind(spec.Kind)
	if kind == nil {
		var names []string
		for _, k := range config.Kinds {
			names = append(names, k.Name)
		}
		return nil, invalid("kind", fmt.Errorf("there is no kind of service %q: it is one of %s", spec.Kind, strings.Join(names, ", ")))
	}
	if spec.Driver == "" {
		spec.Driver = kind.Drivers[0].Name
	}
	driver := kind.Find(spec.Driver)
	if driver == nil {
		var names []string
		for _, d := range kind.Drivers {
			names = append(names, d.Name)
		}
		return nil, invalid("driver", fmt.Errorf("there is no driver %q for kind %q: it is one of %s", spec.Driver, spec.Kind, strings.Join(names, ", ")))
	}
	return driver, nil
}

// checkBounds has the ranges of the configuration file.
func checkBounds(spec model.ServiceSpec) error {
	if spec.Workers < 0 || spec.Workers > 1024 {
		return invalid("workers", fmt.Errorf("workers must be from 1 to 1024, or 0 for the default, not %d", spec.Workers))
	}
	if spec.Mailbox < 0 || spec.Mailbox > 1_000_000 {
		return invalid("mailbox", fmt.Errorf("mailbox must be from 1 to 1000000, or 0 for the default, not %d", spec.Mailbox))
	}
	if d := time.Duration(spec.Timeout); d != 0 && (d < time.Millisecond || d > time.Hour) {
		return invalid("timeout", fmt.Errorf("timeout must be from 1ms to 1h, not %s", d))
	}
	return nil
}

func checkOptions(driver *config.Driver, given map[string]any, before state.Service) (options map[string]any, secrets map[string]string, err error) {
	options, secrets = map[string]any{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(driver.Options, func(o config.Option) bool { return o.Name == name })
		if i < 0 {
			var names []string
			for _, o := range driver.Options {
				names = append(names, o.Name)
			}
			return nil, nil, invalid("options."+name, fmt.Errorf("driver %q has no option %q: it has %s", driver.Name, name, strings.Join(names, ", ")))
		}
		if given[name] == nil {
			continue // as if it were not there
		}
		kept, secret, err := checkOption(driver.Options[i], given[name], before)
		if err != nil {
			return nil, nil, invalid("options."+name, err)
		}
		if options[name] = kept; secret != "" {
			secrets[name] = secret
		}
	}
	for _, o := range driver.Options {
		if _, ok := options[o.Name]; !ok && o.Required {
			hint := ""
			if o.Help != "" {
				hint = ": " + o.Help
			}
			return nil, nil, invalid("options."+o.Name, fmt.Errorf("option %q is missing, which driver %q needs%s", o.Name, driver.Name, hint))
		}
	}
	return options, secrets, nil
}

// checkOption gives the value as it is kept and shown, and the secret, if it is
// one. What refers to a secret is none.
func checkOption(o config.Option, given any, before state.Service) (kept any, secret string, err error) {
	value, err := o.Read(given)
	if err != nil {
		return nil, "", err
	}
	if err := o.CheckForeign(value); err != nil {
		return nil, "", err
	}
	switch value := value.(type) {
	case config.Hidden:
		text := value.Reveal()
		if text == model.HiddenSecret {
			if text = before.Secrets[o.Name]; text == "" {
				return nil, "", fmt.Errorf("%q is hidden, and there is none that could stay as it is", o.Name)
			}
		}
		if config.Refers(text) {
			return text, "", nil
		}
		return model.HiddenSecret, text, nil
	case time.Duration:
		return value.String(), "", nil
	}
	return value, "", nil
}

// checkDatabases finds services that mail is to be taken from and that are no
// databases.
func (k *catalog) checkDatabases(spec model.ServiceSpec) error {
	for _, name := range databasesOf(spec) {
		kind := k.services[name].Kind
		if s, ok := k.fileService(name); ok {
			kind = s.Kind
		}
		if kind == "" {
			return invalid("options.databases", fmt.Errorf("there is no service %q", name))
		}
		if kind != "sql" {
			return invalid("options.databases", fmt.Errorf("service %q is of kind %q: mail is sent in transactions of a service of kind \"sql\"", name, kind))
		}
	}
	return nil
}

// databasesOf are the services that an email service takes mail from.
func databasesOf(spec model.ServiceSpec) (names []string) {
	if spec.Kind != "email" {
		return nil
	}
	value, _ := config.Option{Name: "databases", Type: config.Texts}.Read(spec.Options["databases"])
	names, _ = value.([]string)
	return names
}

// startable is a service as the worker takes it, with what its options refer
// to. With an error it is one that stays inactive.
func startable(s state.Service) (gateway.Service, error) {
	made := gateway.Service{
		Name: s.Name, Kind: s.Kind, Driver: s.Driver, Inactive: s.Inactive,
		Workers: s.Workers, Mailbox: s.Mailbox, Timeout: time.Duration(s.Timeout), Options: config.Options{},
	}
	driver, err := driverOf(&s.ServiceSpec)
	if err != nil {
		return idle(s), err
	}
	for _, o := range driver.Options {
		given, ok := s.Options[o.Name]
		if !ok {
			continue
		}
		if secret := s.Secrets[o.Name]; secret != "" && given == model.HiddenSecret {
			given = secret
		}
		value, err := o.Read(given)
		if err == nil {
			value, err = o.Resolve(value, "/")
		}
		if err != nil && s.Inactive {
			return idle(s), nil
		}
		if err != nil {
			return idle(s), err
		}
		made.Options[o.Name] = value
	}
	return made, nil
}

// revealed is a service with its secrets in their places.
func revealed(s state.Service) model.ServiceSpec {
	spec := s.ServiceSpec
	spec.Options = maps.Clone(spec.Options)
	for name, secret := range s.Secrets {
		spec.Options[name] = secret
	}
	return spec
}

// idle stands for a service that cannot be started: its name is there, to be
// bound to, and every operation is refused. A database stays one, since an email
// service may take mail from it.
func idle(s state.Service) gateway.Service {
	kind := "cache"
	if s.Kind == "sql" {
		kind = s.Kind
	}
	return gateway.Service{Name: s.Name, Kind: kind, Inactive: true}
}
