package gateway

import (
	"maps"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// web is a service that answers HTTP itself, such as a folder with signed URLs.
type web interface {
	Endpoint() (path string, handler edge.Handler, ok bool)
}

// webEndpoints are the endpoints of such services.
func (g *Gateway) webEndpoints(c *serviceChange) (endpoints []Endpoint) {
	for _, name := range slices.Sorted(maps.Keys(c.specs)) {
		add := func(s service.Service) {
			if w, ok := s.(web); ok {
				if path, handler, ok := w.Endpoint(); ok {
					endpoints = append(endpoints, Endpoint{Name: c.specs[name].Kind + "." + name, Path: path, Handler: handler})
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
