package cli

import (
	"errors"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// chosen is what can be chosen of an endpoint on the command line. What is left
// out stays as it is.
type chosen struct {
	Route  string            `help:"Methods, domain and path, such as 'GET api.example.com/orders/{id}'." placeholder:"ROUTE"`
	Bind   map[string]string `help:"Bind a service, by the name that the handler asks for: db=orders." placeholder:"LOCAL=SERVICE"`
	Config map[string]string `help:"A value that the handler gets when it starts." placeholder:"KEY=VALUE"`

	Timeout        time.Duration `help:"Of a request."`
	MaxBody        size          `help:"Of a request body." placeholder:"SIZE"`
	MaxConcurrency int           `help:"Requests in flight." placeholder:"N"`
	MaxNative      int           `help:"Threads inside native code." placeholder:"N"`
	MaxStuck       int           `help:"Calls past their deadline that have not returned." placeholder:"N"`

	Isolation         string        `help:"Where the library runs: worker, in a process of its own (process), or there until a version has proved itself (auto)." enum:",worker,process,auto" default:"" placeholder:"WHERE"`
	ProcessMemory     size          `help:"Memory of that process." placeholder:"SIZE"`
	ProcessCPU        float64       `help:"Processors' worth of time of that process." name:"process-cpu" placeholder:"N"`
	ProcessFiles      int           `help:"Descriptors of that process." placeholder:"N"`
	ProcessOpen       *bool         `help:"Let that process do what any process may." negatable:""`
	ProbationRequests int           `help:"Requests that a version answers in a process of its own before it has proved itself." placeholder:"N"`
	ProbationTime     time.Duration `help:"How long it does so at least."`

	Probe string   `help:"Path to request of a version before it gets traffic." placeholder:"PATH"`
	Rate  *float64 `help:"Requests a second that are let in; 0 for any." placeholder:"N"`
	Burst int      `help:"Requests of the rate that may come at once." placeholder:"N"`
}

// Validate refuses what is not a route, and what would be taken for left out.
func (c chosen) Validate() error {
	if c.ProcessMemory < 0 || c.ProcessCPU < 0 || c.ProcessFiles < 0 || c.ProbationRequests < 0 || c.ProbationTime < 0 {
		return errors.New("the --process- bounds and those of a --probation- are above 0")
	}
	if c.Timeout < 0 || c.MaxBody < 0 || c.MaxConcurrency < 0 || c.MaxNative < 0 || c.MaxStuck < 0 {
		return errors.New("--timeout and the --max- limits are above 0")
	}
	if c.Rate != nil && *c.Rate < 0 || c.Burst < 0 {
		return errors.New("--rate is 0 or above, and --burst above 0")
	}
	if c.Route == "" {
		return nil
	}
	_, err := parseRoute(c.Route)
	return err
}

func (c chosen) into(e *model.EndpointSpec) error {
	if c.Route != "" {
		r, err := parseRoute(c.Route)
		if err != nil {
			return err
		}
		e.Methods, e.Domain, e.Path = r.methods, r.domain, r.path
	}
	merge(&e.Services, c.Bind)
	merge(&e.Config, c.Config)
	choose(&e.Limits.Timeout, model.Duration(c.Timeout))
	choose(&e.Limits.MaxBody, int64(c.MaxBody))
	choose(&e.Limits.MaxConcurrency, c.MaxConcurrency)
	choose(&e.Limits.MaxNative, c.MaxNative)
	choose(&e.Limits.MaxStuck, c.MaxStuck)
	choose(&e.Isolation, model.Isolation(c.Isolation))
	choose(&e.Process.Memory, int64(c.ProcessMemory))
	choose(&e.Process.CPU, c.ProcessCPU)
	choose(&e.Process.Files, c.ProcessFiles)
	if c.ProcessOpen != nil {
		e.Process.Open = *c.ProcessOpen
	}
	choose(&e.Probation.Requests, c.ProbationRequests)
	choose(&e.Probation.Time, model.Duration(c.ProbationTime))
	if c.Rate != nil {
		if e.Limits.Rate = *c.Rate; *c.Rate == 0 {
			e.Limits.Burst = 0
		}
	}
	choose(&e.Limits.Burst, c.Burst)
	if c.Probe != "" {
		if e.Probe == nil {
			e.Probe = &model.Probe{}
		}
		e.Probe.Path = c.Probe
	}
	return nil
}

func choose[T comparable](field *T, value T) {
	var zero T
	if value != zero {
		*field = value
	}
}

// merge adds values; an empty one takes its key away.
func merge(to *map[string]string, values map[string]string) {
	for name, value := range values {
		if value == "" {
			delete(*to, name)
			continue
		}
		if *to == nil {
			*to = map[string]string{}
		}
		(*to)[name] = value
	}
}
