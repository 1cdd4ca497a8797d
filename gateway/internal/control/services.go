package control

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// maxServices is how many services the API may make.
const maxServices = 1000

// Services lists services by name.
func (c *Control) Services(ctx context.Context, f model.ServiceFilter, p model.Page) (model.List[model.Service], error) {
	return page.Cut(c.allServices(f), "services", p, func(s model.Service) string { return s.Name })
}

func (c *Control) allServices(f model.ServiceFilter) (found []model.Service) {
	now, report := c.now.Load(), c.Report()
	for _, name := range now.serviceNames() {
		s, _ := now.service(name, report)
		if (f.Kind == "" || f.Kind == s.Kind) && (f.Origin == "" || f.Origin == s.Origin) && strings.Contains(name, f.Query) {
			found = append(found, s)
		}
	}
	return found
}

// Service finds one.
func (c *Control) Service(ctx context.Context, name string) (model.Service, error) {
	s, ok := c.now.Load().service(name, c.Report())
	if !ok {
		return s, model.Errorf(model.Missing, "there is no service %q", name)
	}
	return s, nil
}

// service is a service as the API shows it.
func (k *catalog) service(name string, report gateway.Report) (model.Service, bool) {
	s := k.services[name].Service
	if declared, ok := k.fileService(name); ok {
		s = fileService(declared, k.declared)
	}
	if s.Name == "" {
		return s, false
	}
	switch {
	case s.Origin == model.FromAPI:
		s.Fault = k.serviceFaults[name]
	case !s.Inactive:
		s.Fault = k.brokenServices[name]
	}
	s.BoundTo = k.boundTo(name)
	if s.Inactive || s.Fault != "" {
		return s, true
	}
	i := slices.IndexFunc(report.Services, func(r gateway.ServiceReport) bool { return r.Name == name })
	if i >= 0 && report.Services[i].Active {
		s.Status = statusOf(report.Services[i])
	}
	return s, true
}

func statusOf(r gateway.ServiceReport) *model.ServiceStatus {
	s := &model.ServiceStatus{
		Waiting: r.Waiting, Busy: r.Busy, Connections: r.Connections,
		Done: r.Done, Errors: r.Errors, Overloaded: r.Overloaded, Deadlines: r.Deadlines, Panics: r.Panics,
	}
	if r.Fault != nil {
		s.Fault = r.Fault.Error()
	}
	return s
}

// fileService is how a service of the configuration file is shown.
func fileService(s gateway.Service, declared time.Time) model.Service {
	shown := map[string]any{}
	for name, value := range s.Options {
		switch value := value.(type) {
		case fmt.Stringer: // durations, and secrets, which hide themselves
			shown[name] = value.String()
		default:
			shown[name] = value
		}
	}
	return model.Service{
		ServiceSpec: model.ServiceSpec{
			Name: s.Name, Kind: s.Kind, Driver: s.Driver, Inactive: s.Inactive,
			Workers: s.Workers, Mailbox: s.Mailbox, Timeout: model.Duration(s.Timeout), Options: shown,
		},
		Origin: model.FromFile, Revision: declared.UnixMilli(), Created: declared, Updated: declared,
	}
}

// CreateService makes a service, and starts it unless it is inactive.
func (c *Control) CreateService(ctx context.Context, spec model.ServiceSpec) (made model.Service, err error) {
	d := c.deed(ctx, "service.create", "service/"+spec.Name)
	defer d.ended(&err)
	err = c.change(ctx, d, func(e *edit) error {
		made, err := e.newService(spec)
		if err == nil {
			err = e.checkDatabases(made.ServiceSpec)
		}
		if err != nil {
			return err
		}
		d.tell("%s with driver %s", made.Kind, made.Driver)
		e.createService(made)
		return nil
	})
	if err != nil {
		return made, err
	}
	return c.Service(ctx, spec.Name)
}

// newService checks the service that is to be made.
func (k *catalog) newService(spec model.ServiceSpec) (state.Service, error) {
	if k.hasService(spec.Name) {
		err := model.Errorf(model.Conflict, "there is a service %q already", spec.Name).At("name")
		if _, ok := k.fileService(spec.Name); ok {
			err = model.Errorf(model.Conflict, "the configuration file declares a service %q", spec.Name).At("name")
		}
		err.Other = "service/" + spec.Name
		return state.Service{}, err
	}
	if len(k.services) >= maxServices {
		return state.Service{}, model.Errorf(model.Conflict, "there are %d services already: delete one first", maxServices)
	}
	made, err := checkService(spec, state.Service{})
	at := time.Now().UTC()
	made.Origin, made.Revision, made.Created, made.Updated = model.FromAPI, 1, at, at
	return made, err
}

// UpdateService replaces what can be chosen of a service, if its revision still
// is the given one; 0 stands for any. A secret that is given as hidden stays.
func (c *Control) UpdateService(ctx context.Context, name string, revision int64, spec model.ServiceSpec) (s model.Service, err error) {
	d := c.deed(ctx, "service.update", "service/"+name)
	defer d.ended(&err)
	if spec.Name == "" {
		spec.Name = name
	}
	if spec.Name != name {
		return s, model.Errorf(model.Invalid, "the name of a service never changes: it is %q", name).At("name")
	}
	return c.updateService(ctx, d, name, revision, func(model.ServiceSpec) model.ServiceSpec { return spec })
}

// ActivateService lets a service run, or ends it.
func (c *Control) ActivateService(ctx context.Context, name string, active bool, revision int64) (s model.Service, err error) {
	action := "service.activate"
	if !active {
		action = "service.deactivate"
	}
	d := c.deed(ctx, action, "service/"+name)
	defer d.ended(&err)
	return c.updateService(ctx, d, name, revision, func(spec model.ServiceSpec) model.ServiceSpec {
		spec.Inactive = !active
		return spec
	})
}

func (c *Control) updateService(ctx context.Context, d *deed, name string, revision int64, to func(model.ServiceSpec) model.ServiceSpec) (model.Service, error) {
	err := c.change(ctx, d, func(e *edit) error {
		before, err := e.ownService(name)
		if err == nil {
			err = unchanged(before.Revision, revision)
		}
		if err != nil {
			return err
		}
		if err := e.replaceService(d, before, to(before.ServiceSpec)); err != nil {
			return err
		}
		return e.checkDatabases(e.services[name].ServiceSpec)
	})
	if err != nil {
		return model.Service{}, err
	}
	return c.Service(ctx, name)
}

func (e *edit) replaceService(d *deed, before state.Service, spec model.ServiceSpec) error {
	after, err := checkService(spec, before)
	if err != nil {
		return err
	}
	if before.Kind == "sql" && after.Kind != "sql" {
		if err := e.unused(before.Name, nil); err != nil {
			return err
		}
	}
	after.Revision, after.Updated = before.Revision+1, time.Now().UTC()
	what := differences(before.ServiceSpec, after.ServiceSpec)
	if !maps.Equal(before.Secrets, after.Secrets) {
		what += ", with another secret"
	}
	d.tell("%s", what)
	e.putService(after)
	return nil
}

// DeleteService removes a service that nothing uses.
func (c *Control) DeleteService(ctx context.Context, name string, revision int64) (err error) {
	d := c.deed(ctx, "service.delete", "service/"+name)
	defer d.ended(&err)
	return c.change(ctx, d, func(e *edit) error {
		before, err := e.ownService(name)
		if err == nil {
			err = unchanged(before.Revision, revision)
		}
		if err == nil {
			err = e.unused(name, e.boundTo(name))
		}
		if err != nil {
			return err
		}
		e.deleteService(name)
		return nil
	})
}

// unused checks that nothing needs a service: no endpoint of those that are
// bound to it, and no service that takes mail from it.
func (k *catalog) unused(name string, bound []string) error {
	if len(bound) > 0 {
		err := model.Errorf(model.Conflict, "service %q is in use: these endpoints are bound to it: %s", name, strings.Join(bound, ", "))
		err.Other = "endpoint/" + bound[0]
		return err
	}
	for _, other := range k.serviceNames() {
		databases := databasesOf(k.services[other].ServiceSpec)
		if declared, ok := k.fileService(other); ok {
			databases = declared.Options.Texts("databases")
		}
		if slices.Contains(databases, name) {
			err := model.Errorf(model.Conflict, "service %q is in use: service %q takes mail from it", name, other)
			err.Other = "service/" + other
			return err
		}
	}
	return nil
}

// testWithin is how long a test of a backend may take.
const testWithin = 10 * time.Second

// TestService reaches the backend of a service, which may be inactive.
func (c *Control) TestService(ctx context.Context, name string) (result model.ServiceTest, err error) {
	now := c.now.Load()
	s, declared := now.fileService(name)
	if !declared {
		own, err := now.ownService(name)
		if err != nil {
			return result, err
		}
		own.Inactive = false
		if s, err = startable(own); err != nil {
			return model.ServiceTest{Error: err.Error()}, nil
		}
	}
	s.Inactive = false
	ctx, cancel := context.WithTimeout(ctx, testWithin)
	defer cancel()
	took, err := c.worker.TestService(ctx, s)
	if err != nil {
		return model.ServiceTest{Error: placed(err, s.Options["path"])}, nil
	}
	return model.ServiceTest{Connected: true, Latency: float64(took) / float64(time.Millisecond)}, nil
}

// placed tells of a path what went wrong there: a handler is not told, but who
// tests a service is.
func placed(err error, path any) string {
	text := err.Error()
	if at, ok := path.(string); ok && at != "" && !strings.Contains(text, at) {
		text += " at " + at
	}
	return text
}
