package control

import (
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Bounds of what an endpoint may have.
const (
	maxSettings = 256     // config values, and bindings
	maxConfig   = 1 << 20 // bytes of all config values
)

// checkEndpoint brings what can be chosen of an endpoint into its plain form,
// or tells what of it cannot be.
func (k *catalog) checkEndpoint(spec model.EndpointSpec) (model.EndpointSpec, error) {
	spec, err := k.checkSpec(spec)
	if err == nil {
		err = k.conflict(spec)
	}
	return spec, err
}

// checkSpec is checkEndpoint without the other endpoints.
func (k *catalog) checkSpec(spec model.EndpointSpec) (model.EndpointSpec, error) {
	spec.Domain = strings.ToLower(spec.Domain)
	for _, check := range []func(*model.EndpointSpec) error{checkRoute, checkConfig, k.checkBindings, checkLimits, checkIsolation, checkProbe} {
		if err := check(&spec); err != nil {
			return spec, err
		}
	}
	return spec, nil
}

// invalid is what is wrong with a field.
func invalid(field string, err error) error {
	if err == nil {
		return nil
	}
	return model.Errorf(model.Invalid, "%w", err).At(field)
}

func checkRoute(spec *model.EndpointSpec) error {
	if err := config.CheckName(spec.Name); err != nil {
		return invalid("name", err)
	}
	if err := config.CheckDomain(spec.Domain); err != nil {
		return invalid("domain", err)
	}
	if _, err := config.ParsePattern(spec.Path); err != nil {
		return invalid("path", err)
	}
	for i, method := range spec.Methods {
		field := fmt.Sprintf("methods[%d]", i)
		if err := config.CheckMethod(method); err != nil {
			return invalid(field, err)
		}
		if slices.Contains(spec.Methods[:i], method) {
			return invalid(field, fmt.Errorf("method %q is listed twice", method))
		}
	}
	return nil
}

func checkConfig(spec *model.EndpointSpec) error {
	if len(spec.Config) > maxSettings {
		return invalid("config", fmt.Errorf("there are more than %d values", maxSettings))
	}
	size := 0
	for key, value := range spec.Config {
		if key == "" || len(key) > 256 {
			return invalid("config", fmt.Errorf("the name %q of a value must be 1 to 256 bytes", key[:min(len(key), 64)]))
		}
		size += len(key) + len(value)
	}
	if size > maxConfig {
		return invalid("config", fmt.Errorf("its values have more than %d bytes", maxConfig))
	}
	return nil
}

func (k *catalog) checkBindings(spec *model.EndpointSpec) error {
	if len(spec.Services) > maxSettings {
		return invalid("services", fmt.Errorf("there are more than %d bindings", maxSettings))
	}
	for _, local := range slices.Sorted(maps.Keys(spec.Services)) {
		name := spec.Services[local]
		switch {
		case local == "" || len(local) > 256:
			return invalid("services", fmt.Errorf("the local name %q of a service must be 1 to 256 bytes", local[:min(len(local), 64)]))
		case !k.hasService(name):
			return invalid("services."+local, fmt.Errorf("there is no service %q", name))
		}
	}
	return nil
}

// checkLimits has the ranges of the configuration file.
func checkLimits(spec *model.EndpointSpec) error {
	l := spec.Limits
	if d := time.Duration(l.Timeout); d != 0 && (d < time.Millisecond || d > time.Hour) {
		return invalid("limits.timeout", fmt.Errorf("timeout must be from 1ms to 1h, not %s", d))
	}
	for _, limit := range []struct {
		name        string
		value, most int64
	}{
		{"max_body", l.MaxBody, 1 << 30}, {"max_concurrency", int64(l.MaxConcurrency), 1_000_000},
		{"max_native", int64(l.MaxNative), 4096}, {"max_stuck", int64(l.MaxStuck), 1024},
	} {
		if limit.value < 0 || limit.value > limit.most {
			return invalid("limits."+limit.name, fmt.Errorf("%s must be from 1 to %d, or 0 for the default, not %d", limit.name, limit.most, limit.value))
		}
	}
	if err := config.CheckRate(l.Rate, l.Burst); err != nil {
		return invalid("limits.rate", err)
	}
	return nil
}

// checkIsolation has the ranges of the configuration file.
func checkIsolation(spec *model.EndpointSpec) error {
	if spec.Isolation != "" {
		if err := config.CheckIsolation(string(spec.Isolation)); err != nil {
			return invalid("isolation", err)
		}
	}
	p := spec.Process
	switch d := time.Duration(spec.Probation.Time); {
	case p.Memory != 0 && (p.Memory < config.LeastMemory || p.Memory > config.MostMemory):
		return invalid("process.memory", fmt.Errorf("process memory must be from %d to %d bytes, or 0 for no bound, not %d", config.LeastMemory, config.MostMemory, p.Memory))
	case p.CPU != 0 && !(p.CPU >= config.LeastCPU && p.CPU <= config.MostCPU):
		return invalid("process.cpu", fmt.Errorf("process cpu must be from %v to %v, or 0 for no bound, not %v", config.LeastCPU, config.MostCPU, p.CPU))
	case p.Files != 0 && (p.Files < config.LeastFiles || p.Files > config.MostFiles):
		return invalid("process.files", fmt.Errorf("process files must be from %d to %d, or 0 for the default, not %d", config.LeastFiles, config.MostFiles, p.Files))
	case spec.Probation.Requests < 0 || spec.Probation.Requests > config.MostRequests:
		return invalid("probation.requests", fmt.Errorf("probation requests must be from 1 to %d, or 0 for the default, not %d", config.MostRequests, spec.Probation.Requests))
	case d != 0 && (d < config.LeastProbation || d > config.MostProbation):
		return invalid("probation.time", fmt.Errorf("probation time must be from %s to %s, not %s", config.LeastProbation, config.MostProbation, d))
	}
	return nil
}

func checkProbe(spec *model.EndpointSpec) error {
	p := spec.Probe
	if p == nil {
		return nil
	}
	if p.Method != "" {
		if err := config.CheckMethod(p.Method); err != nil {
			return invalid("probe.method", err)
		}
	}
	if !strings.HasPrefix(p.Path, "/") || strings.ContainsFunc(p.Path, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '#' }) {
		return invalid("probe.path", fmt.Errorf("path %q must begin with / and have neither spaces nor a fragment", p.Path))
	}
	for name, value := range p.Headers {
		if textproto.TrimString(name) != name || name == "" || strings.ContainsAny(name, "\r\n\x00: ") || strings.ContainsAny(value, "\r\n\x00") {
			return invalid("probe.headers", fmt.Errorf("%q is not a header", name))
		}
	}
	if p.Status != 0 && (p.Status < 200 || p.Status > 599) {
		return invalid("probe.status", fmt.Errorf("status must be from 200 to 599, not %d", p.Status))
	}
	return nil
}
