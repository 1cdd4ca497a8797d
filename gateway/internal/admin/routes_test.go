package admin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// request is one that the schema of a route lets pass.
func (s *server) request(r *route) *http.Request {
	s.t.Helper()
	path := strings.NewReplacer("{endpoint}", "orders", "{digest}", strings.Repeat("a", 64), "{build}", "b1", "{service}", "db", "{key}", "ci").Replace(r.path)
	body, kind := "", ""
	if taken := s.api.operation(r).RequestBody; taken != nil {
		for name, media := range taken.Content {
			kind = name
			if name == "application/json" {
				text, err := json.Marshal(media.Example)
				if err != nil || media.Example == nil {
					s.t.Fatalf("%s has no example: %v", r.id, err)
				}
				body = string(text)
				break
			}
		}
	}
	if r.id == "put-source" {
		kind = tarball
	}
	request, err := http.NewRequest(r.method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	return request
}

// TestEveryRouteAsksForItsScope sends each route each kind of token, and none.
// What gets past the guards ends in the fake, which has no answer for most.
func TestEveryRouteAsksForItsScope(t *testing.T) {
	s := serve(t)
	s.fake.actors["t-admin-limited"] = model.Actor{Name: "k-admin-limited", Scope: model.ScopeAdmin, Endpoints: []string{"other"}}
	s.fake.actors["t-read-limited"] = model.Actor{Name: "k-read-limited", Scope: model.ScopeRead, Endpoints: []string{"orders"}}
	s.fake.expired = map[string]bool{"t-expired": true}
	s.fake.log = http.NoBody
	close(s.logs.closed)

	keys := []struct {
		token string
		scope model.Scope // none for a token that is not known
		only  string      // the only endpoint that it reaches
	}{
		{"", "", ""}, {"t-unknown", "", ""}, {"t-expired", "", ""},
		{"t-read", model.ScopeRead, ""}, {"t-deploy", model.ScopeDeploy, ""}, {"t-admin", model.ScopeAdmin, ""},
		{"t-read-limited", model.ScopeRead, "orders"}, {"t-limited", model.ScopeDeploy, "orders"},
		{"t-other", model.ScopeDeploy, "other"}, {"t-admin-limited", model.ScopeAdmin, ""}, // an admin reaches all
	}
	for i := range routes {
		r := &routes[i]
		for _, key := range keys {
			s.api.attempts = newAttempts(time.Now) // each wrong token as if it were the first
			want := 0                              // past the guards
			switch {
			case r.scope == "":
			case key.scope == "":
				want = http.StatusUnauthorized
			case !key.scope.Has(r.scope), r.whole && key.only != "", strings.Contains(r.path, "{endpoint}") && key.only == "other":
				want = http.StatusForbidden
			case strings.Contains(r.path, "{build}") && key.only == "other":
				want = http.StatusNotFound // it is not told that there is one
			}
			request := s.request(r)
			if key.token != "" {
				request.Header.Set("Authorization", "Bearer "+key.token)
			}
			got := s.send(request)
			switch {
			case want != 0 && got.StatusCode != want:
				t.Errorf("%s with %q: %d, not %d: %s", r.id, key.token, got.StatusCode, want, got.body)
			case want == 0 && refused(got.StatusCode):
				t.Errorf("%s with %q: %d: %s", r.id, key.token, got.StatusCode, got.body)
			case want == http.StatusUnauthorized && !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer "):
				t.Errorf("%s: no WWW-Authenticate", r.id)
			case want == http.StatusForbidden && !strings.Contains(got.problem(t).Detail, "scope "+string(r.scope)):
				t.Errorf("%s: the scope that is needed is not told: %s", r.id, got.body)
			}
		}
	}
}

// refused tells whether a status shows that a handler was not reached.
func refused(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusNotFound,
		http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusMethodNotAllowed:
		return true
	}
	return false
}

func TestARouteThatIsNotInTheTableCannotBeRegistered(t *testing.T) {
	s := serve(t)
	for name, add := range map[string]func(){
		"by id": func() {
			register(s.api, "get-everything", doc{}, func(ctxt, *struct{}) (*struct{}, error) { return nil, nil })
		},
		"by pattern": func() { table{s.api}.HandleFunc("GET /api/v1/everything", nil) },
		"with huma": func() {
			huma.Get(s.api.huma, "/api/v1/everything", func(ctxt, *struct{}) (*struct{}, error) { return nil, nil })
		},
		"about an endpoint that it does not name": func() {
			register(s.api, "get-endpoint", doc{}, func(ctxt, *struct{}) (*struct{}, error) { return nil, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was registered")
				}
			}()
			add()
		})
	}
}

func TestIDsAndPatternsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range routes {
		if seen[r.id] || seen[r.pattern()] {
			t.Errorf("%s %s is there twice", r.id, r.pattern())
		}
		seen[r.id], seen[r.pattern()] = true, true
	}
}

func TestALimitedKeySeesItsEndpointsOnly(t *testing.T) {
	s := serve(t)
	limited := []string{"Authorization", "Bearer t-limited"}
	var l model.List[model.Endpoint]
	if got := s.do("GET", v1+"/endpoints", "", limited...); json.Unmarshal(got.body, &l) != nil || l.Items[0].Name != "orders" {
		t.Errorf("%s", got.body)
	}
	var o model.Overview
	if got := s.do("GET", v1+"/status", "", limited...); json.Unmarshal(got.body, &o) != nil || len(o.Endpoints) != 1 || o.Endpoints[0].Name != "orders" || len(o.Services) != 0 {
		t.Errorf("%s", got.body)
	}
	if got := s.do("GET", v1+"/logs?service=db", "", limited...); got.StatusCode != 200 || len(s.logs.filter.Names) != 1 || s.logs.filter.Names[0] != "orders" {
		t.Errorf("%s %+v", got.body, s.logs.filter)
	}
}
