package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type servicesCommand struct {
	List       listServices      `cmd:"" default:"withargs" help:"List them."`
	Show       showService       `cmd:"" help:"Show all of one; secrets are hidden."`
	Create     createService     `cmd:"" help:"Make one."`
	Set        setService        `cmd:"" help:"Change what is named and leave the rest."`
	Test       testService       `cmd:"" help:"Reach its backend, now."`
	Activate   activateService   `cmd:"" help:"Let one run."`
	Deactivate deactivateService `cmd:"" help:"Let one finish what it has, and refuse the rest."`
	Delete     deleteService     `cmd:"" help:"Delete one that nothing is bound to."`
}

type listServices struct {
	remote
	Kind string `help:"Only those of a kind."`
}

func (c listServices) Run(ctx context.Context) error {
	query := url.Values{}
	set(query, "kind", c.Kind)
	return list(ctx, c.remote, "/services", query, 0, showServices)
}

func showServices(services []model.Service) {
	t := newTable("SERVICE", "KIND", "DRIVER", "STATE", "BOUND TO", "WAITING", "BUSY", "DONE", "ERRORS")
	for _, s := range services {
		status := model.ServiceStatus{}
		if s.Status != nil {
			status = *s.Status
		}
		t.add(s.Name, s.Kind, s.Driver, stateOf(s), strings.Join(s.BoundTo, ", "), status.Waiting, status.Busy, status.Done, status.Errors)
	}
	t.print("There is no service.")
}

func stateOf(s model.Service) string {
	switch {
	case s.Inactive:
		return "inactive"
	case faultOf(s) != "":
		return "fault"
	}
	return "active"
}

func faultOf(s model.Service) string {
	if s.Fault == "" && s.Status != nil {
		return s.Status.Fault
	}
	return s.Fault
}

// service is the one that a command is about.
type service struct {
	remote
	Service string `arg:"" help:"Name of the service." predictor:"service"`
}

func (s service) request(method string, action ...string) client.Request {
	return client.Request{Method: method, Path: client.Path(append([]string{"services", s.Service}, action...)...)}
}

type showService struct{ service }

func (c showService) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.request(http.MethodGet), showSettings)
}

// showSettings shows all of a service.
func showSettings(s model.Service) {
	showServices([]model.Service{s})
	row := func(name string, value any) { fmt.Println(oneLine(fmt.Sprintf("  %s = %v", name, value))) }
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		row(name, s.Options[name])
	}
	if s.Workers != 0 {
		row("workers", s.Workers)
	}
	if s.Mailbox != 0 {
		row("mailbox", s.Mailbox)
	}
	if s.Timeout != 0 {
		row("timeout", s.Timeout)
	}
	if fault := faultOf(s); fault != "" {
		fmt.Println("\n" + Plain(fault))
	}
}

// settings are what can be chosen of a service.
type settings struct {
	Option  []string      `short:"o" sep:"none" help:"An option of the driver, such as url=env:ORDERS_URL; a list is given by naming it again." placeholder:"NAME=VALUE"`
	Workers int           `help:"Connections, and operations at a time." placeholder:"N"`
	Mailbox int           `help:"Operations that wait." placeholder:"N"`
	Timeout time.Duration `help:"Of an operation."`
}

// Validate refuses what would be taken for left out.
func (c settings) Validate() error {
	if c.Workers < 0 || c.Mailbox < 0 || c.Timeout < 0 {
		return errors.New("--workers, --mailbox and --timeout are above 0")
	}
	for _, text := range c.Option {
		if name, _, found := strings.Cut(text, "="); !found || name == "" {
			return fmt.Errorf("--option %q: write it as in name=value", text)
		}
	}
	return nil
}

func (c settings) into(s *model.ServiceSpec) {
	choose(&s.Workers, c.Workers)
	choose(&s.Mailbox, c.Mailbox)
	choose(&s.Timeout, model.Duration(c.Timeout))
	if s.Options == nil {
		s.Options = map[string]any{}
	}
	lists := map[string][]string{}
	for _, text := range c.Option {
		name, value, _ := strings.Cut(text, "=")
		if optionType(s, name) == config.Texts {
			lists[name] = append(lists[name], value)
			s.Options[name] = lists[name]
			continue
		}
		s.Options[name] = typed(optionType(s, name), value)
	}
}

func optionType(s *model.ServiceSpec, name string) config.OptionType {
	if kind := config.FindKind(s.Kind); kind != nil {
		driver := &kind.Drivers[0]
		if s.Driver != "" {
			driver = kind.Find(s.Driver)
		}
		for i := 0; driver != nil && i < len(driver.Options); i++ {
			if driver.Options[i].Name == name {
				return driver.Options[i].Type
			}
		}
	}
	return config.Text
}

// typed is a value as JSON has it; what does not fit is left for the API to
// refuse.
func typed(t config.OptionType, text string) any {
	switch t {
	case config.Boolean:
		switch text {
		case "true", "false":
			return text == "true"
		}
	case config.Integer, config.Size:
		var n int64
		if _, err := fmt.Sscanf(text, "%d", &n); err == nil && fmt.Sprint(n) == text {
			return n
		}
	}
	return text
}

type createService struct {
	service
	Kind     string `required:"" enum:"sql,cache,storage,email,http" help:"sql, cache, storage, email or http."`
	Driver   string `help:"Default: the embedded one of the kind."`
	Inactive bool   `help:"Make it without letting it run."`
	settings
}

func (c createService) Run(ctx context.Context) error {
	spec := model.ServiceSpec{Name: c.Service, Kind: c.Kind, Driver: c.Driver, Inactive: c.Inactive}
	c.into(&spec)
	return call(ctx, c.remote, client.Request{Method: http.MethodPost, Path: "/services", In: spec}, func(s model.Service) {
		showServices([]model.Service{s})
	})
}

type setService struct {
	service
	settings
}

func (c setService) Run(ctx context.Context) error {
	remote, err := c.client()
	if err != nil {
		return err
	}
	var s model.Service
	if err := remote.Do(ctx, c.request(http.MethodGet), &s); err != nil {
		return err
	}
	c.into(&s.ServiceSpec)
	request := c.request(http.MethodPut)
	request.In, request.Header = s.ServiceSpec, revision(s.Revision)
	return call(ctx, c.remote, request, showSettings)
}

type testService struct{ service }

func (c testService) Run(ctx context.Context) error {
	remote, err := c.client()
	if err != nil {
		return err
	}
	var t model.ServiceTest
	if err := remote.Do(ctx, c.request(http.MethodPost, "test"), &t); err != nil {
		return err
	}
	c.print(t, func() {
		if t.Connected {
			fmt.Printf("reached in %s\n", milliseconds(t.Latency))
		}
	})
	if t.Error != "" {
		return fmt.Errorf("not reached: %s", t.Error)
	}
	return nil
}

type activateService struct{ service }

func (c activateService) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.request(http.MethodPost, "activate"), func(s model.Service) { showServices([]model.Service{s}) })
}

type deactivateService struct{ service }

func (c deactivateService) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.request(http.MethodPost, "deactivate"), func(s model.Service) { showServices([]model.Service{s}) })
}

type deleteService struct{ service }

func (c deleteService) Run(ctx context.Context) error {
	return gone(ctx, c.remote, "service", c.Service, "services", c.Service)
}
