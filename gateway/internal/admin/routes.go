package admin

import (
	"net/http"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// route is one line of the table.
type route struct {
	id     string // of the operation
	method string
	path   string
	scope  model.Scope // needed; none if empty
	whole  bool        // a key that is limited to endpoints does not reach it
}

func (r *route) pattern() string { return r.method + " " + r.path }

// v1 is where all routes are but those that other programs expect at the root.
const v1 = "/api/v1"

// routes is the whole of the API. What is not in it cannot be registered, and
// what is registered is guarded as it says.
var routes = []route{
	{"get-health", http.MethodGet, "/healthz", "", false},
	{"get-readiness", http.MethodGet, "/readyz", "", false},
	{"get-prometheus-metrics", http.MethodGet, "/metrics", model.ScopeRead, true},

	{"get-openapi", http.MethodGet, v1 + "/openapi.json", "", false},
	{"get-status", http.MethodGet, v1 + "/status", model.ScopeRead, false},
	{"get-metrics", http.MethodGet, v1 + "/metrics", model.ScopeRead, true},

	{"recycle", http.MethodPost, v1 + "/recycle", model.ScopeAdmin, true},
	{"upgrade", http.MethodPost, v1 + "/upgrade", model.ScopeAdmin, true},
	{"get-upgrade", http.MethodGet, v1 + "/upgrade", model.ScopeAdmin, true},

	{"list-endpoints", http.MethodGet, v1 + "/endpoints", model.ScopeRead, false},
	{"create-endpoint", http.MethodPost, v1 + "/endpoints", model.ScopeAdmin, false},
	{"get-endpoint", http.MethodGet, v1 + "/endpoints/{endpoint}", model.ScopeRead, false},
	{"update-endpoint", http.MethodPut, v1 + "/endpoints/{endpoint}", model.ScopeAdmin, false},
	{"delete-endpoint", http.MethodDelete, v1 + "/endpoints/{endpoint}", model.ScopeAdmin, false},
	{"enable-endpoint", http.MethodPost, v1 + "/endpoints/{endpoint}/enable", model.ScopeAdmin, false},
	{"release-endpoint", http.MethodPost, v1 + "/endpoints/{endpoint}/release", model.ScopeDeploy, false},
	{"disable-endpoint", http.MethodPost, v1 + "/endpoints/{endpoint}/disable", model.ScopeAdmin, false},

	{"list-versions", http.MethodGet, v1 + "/endpoints/{endpoint}/versions", model.ScopeRead, false},
	{"upload-version", http.MethodPost, v1 + "/endpoints/{endpoint}/versions", model.ScopeDeploy, false},
	{"delete-version", http.MethodDelete, v1 + "/endpoints/{endpoint}/versions/{digest}", model.ScopeDeploy, false},
	{"get-library", http.MethodGet, v1 + "/endpoints/{endpoint}/versions/{digest}/library", model.ScopeDeploy, false},

	{"deploy", http.MethodPost, v1 + "/endpoints/{endpoint}/deploy", model.ScopeDeploy, false},
	{"undeploy", http.MethodPost, v1 + "/endpoints/{endpoint}/undeploy", model.ScopeDeploy, false},
	{"rollback", http.MethodPost, v1 + "/endpoints/{endpoint}/rollback", model.ScopeDeploy, false},
	{"promote-canary", http.MethodPost, v1 + "/endpoints/{endpoint}/canary/promote", model.ScopeDeploy, false},
	{"abort-canary", http.MethodPost, v1 + "/endpoints/{endpoint}/canary/abort", model.ScopeDeploy, false},
	{"list-deploys", http.MethodGet, v1 + "/endpoints/{endpoint}/deploys", model.ScopeRead, false},

	{"put-source", http.MethodPut, v1 + "/endpoints/{endpoint}/source", model.ScopeDeploy, false},
	{"get-source", http.MethodGet, v1 + "/endpoints/{endpoint}/source", model.ScopeDeploy, false},
	{"create-build", http.MethodPost, v1 + "/endpoints/{endpoint}/builds", model.ScopeDeploy, false},
	{"list-builds", http.MethodGet, v1 + "/builds", model.ScopeRead, false},
	{"get-build", http.MethodGet, v1 + "/builds/{build}", model.ScopeRead, false},
	{"cancel-build", http.MethodPost, v1 + "/builds/{build}/cancel", model.ScopeDeploy, false},
	{"get-build-log", http.MethodGet, v1 + "/builds/{build}/log", model.ScopeRead, false},

	{"list-services", http.MethodGet, v1 + "/services", model.ScopeRead, true},
	{"create-service", http.MethodPost, v1 + "/services", model.ScopeAdmin, true},
	{"get-service", http.MethodGet, v1 + "/services/{service}", model.ScopeRead, true},
	{"update-service", http.MethodPut, v1 + "/services/{service}", model.ScopeAdmin, true},
	{"delete-service", http.MethodDelete, v1 + "/services/{service}", model.ScopeAdmin, true},
	{"test-service", http.MethodPost, v1 + "/services/{service}/test", model.ScopeAdmin, true},
	{"activate-service", http.MethodPost, v1 + "/services/{service}/activate", model.ScopeAdmin, true},
	{"deactivate-service", http.MethodPost, v1 + "/services/{service}/deactivate", model.ScopeAdmin, true},

	{"list-domains", http.MethodGet, v1 + "/domains", model.ScopeRead, true},
	{"apply-bundle", http.MethodPost, v1 + "/bundles", model.ScopeAdmin, true},
	{"import-openapi", http.MethodPost, v1 + "/import/openapi", model.ScopeAdmin, true},

	{"list-keys", http.MethodGet, v1 + "/keys", model.ScopeAdmin, true},
	{"create-key", http.MethodPost, v1 + "/keys", model.ScopeAdmin, true},
	{"delete-key", http.MethodDelete, v1 + "/keys/{key}", model.ScopeAdmin, true},
	{"list-audit", http.MethodGet, v1 + "/audit", model.ScopeAdmin, true},

	{"list-crashes", http.MethodGet, v1 + "/crashes", model.ScopeRead, false},
	{"list-logs", http.MethodGet, v1 + "/logs", model.ScopeRead, false},
	{"tail-logs", http.MethodGet, v1 + "/logs/tail", model.ScopeRead, false},
}

// routeOf finds a line by its id.
func routeOf(id string) *route {
	for i := range routes {
		if routes[i].id == id {
			return &routes[i]
		}
	}
	return nil
}

// table is the mux as huma fills it: only with what the table of routes has.
type table struct{ *API }

func (t table) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	for i := range routes {
		if routes[i].pattern() == pattern {
			t.routes[pattern] = &routes[i]
			t.mux.HandleFunc(pattern, handler)
			return
		}
	}
	panic("admin: " + pattern + " is not in the table of routes")
}

func (t table) ServeHTTP(w http.ResponseWriter, r *http.Request) { t.mux.ServeHTTP(w, r) }
