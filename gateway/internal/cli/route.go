package cli

import (
	"fmt"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// route is what --route says: "GET api.example.com/orders/{id}". Methods and
// domain may be left out.
type route struct {
	methods      []string
	domain, path string
}

func parseRoute(text string) (route, error) {
	bad := func(why string) error {
		return fmt.Errorf(`route %q %s; write it as in "GET api.example.com/orders/{id}" or "/orders/{id}"`, text, why)
	}
	var r route
	methods, place, found := strings.Cut(strings.TrimSpace(text), " ")
	if !found {
		methods, place = "", methods
	}
	for method := range strings.SplitSeq(methods, ",") {
		if method == "" {
			continue
		}
		if err := config.CheckMethod(method); err != nil {
			return r, bad("is not valid: " + err.Error())
		}
		r.methods = append(r.methods, method)
	}
	place = strings.TrimSpace(place)
	slash := strings.IndexByte(place, '/')
	if slash < 0 {
		return r, bad("has no path")
	}
	r.domain, r.path = strings.ToLower(place[:slash]), place[slash:]
	if err := config.CheckDomain(r.domain); err != nil {
		return r, bad("is not valid: " + err.Error())
	}
	if _, err := config.ParsePattern(r.path); err != nil {
		return r, bad("is not valid: " + err.Error())
	}
	return r, nil
}

func routeOf(e model.EndpointSpec) string {
	text := e.Domain + e.Path
	if len(e.Methods) > 0 {
		text = strings.Join(e.Methods, ",") + " " + text
	}
	return text
}
