package bundle

import (
	"reflect"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// serviceSpec is a service of the configuration as the API would write it, with
// nothing that has its default: a default may change with the program.
func serviceSpec(s config.Service) model.ServiceSpec {
	kind := config.FindKind(s.Kind)
	driver := kind.Find(s.Driver)
	spec := model.ServiceSpec{Name: s.Name, Kind: s.Kind, Driver: s.Driver, Inactive: !s.Enabled, Workers: s.Workers, Mailbox: s.Mailbox, Timeout: model.Duration(s.Timeout)}
	for _, o := range driver.Options {
		value, set := s.Options[o.Name]
		if !set || o.Default != nil && reflect.DeepEqual(value, o.Default) {
			continue
		}
		switch v := value.(type) {
		case config.Hidden:
			value = v.Reveal()
		case time.Duration:
			value = v.String()
		}
		if spec.Options == nil {
			spec.Options = map[string]any{}
		}
		spec.Options[o.Name] = value
	}
	return withoutDefaults(spec, kind, driver)
}

// withoutDefaults leaves out what a service has anyway, but for its options.
func withoutDefaults(s model.ServiceSpec, kind *config.Kind, driver *config.Driver) model.ServiceSpec {
	if s.Driver == kind.Drivers[0].Name {
		s.Driver = ""
	}
	if s.Workers == driver.Workers {
		s.Workers = 0
	}
	if s.Mailbox == config.DefaultMailbox {
		s.Mailbox = 0
	}
	if time.Duration(s.Timeout) == driver.Timeout {
		s.Timeout = 0
	}
	return s
}
