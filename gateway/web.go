package gateway

import (
	"errors"
	"maps"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// web is a service that answers HTTP itself, such as a folder with signed URLs.
type web interface {
	Endpoint() (path string, handler edge.Handler, ok bool)
}

// webEndpoint is where such a service answers.
type webEndpoint struct {
	Endpoint
	service string
}

// webEndpoints are those of all services.
func (g *Gateway) webEndpoints(c *serviceChange) (endpoints []webEndpoint) {
	for _, name := range slices.Sorted(maps.Keys(c.specs)) {
		add := func(s service.Service) {
			if w, ok := s.(web); ok {
				if path, handler, ok := w.Endpoint(); ok {
					endpoints = append(endpoints, webEndpoint{Endpoint{Name: c.specs[name].Kind + "." + name, Path: path, Handler: handler}, name})
				}
			}
		}
		if opened, ok := c.opened[name]; ok {
			add(opened)
		} else {
			g.services.handle(name).With(add)
		}
	}
	return endpoints
}

func endpointsOf(web []webEndpoint) []Endpoint {
	endpoints := make([]Endpoint, len(web))
	for i := range web {
		endpoints[i] = web[i].Endpoint
	}
	return endpoints
}

// webConflicts finds endpoints that have the route of a service.
func webConflicts(endpoints []Endpoint, web []webEndpoint) error {
	var errs []error
	for _, w := range web {
		for _, e := range endpoints {
			if config.Conflicts(routeOf(&e), routeOf(&w.Endpoint)) {
				errs = append(errs, &ConflictError{Endpoint: e.Name, Service: w.service, Path: e.Path})
			}
		}
	}
	return errors.Join(errs...)
}

func routeOf(e *Endpoint) config.Route {
	return config.Route{Domain: e.Domain, Path: e.Path, Methods: e.Methods}
}
