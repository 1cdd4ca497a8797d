package admin

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// doc is what an operation's entry in the OpenAPI document says, beside what
// its route and its types say by themselves.
type doc struct {
	tag     string
	summary string
	more    string // sentences that follow the summary
	status  int    // of success, where it is neither 200 nor 204
	errors  []int  // beside those that follow from its route and types
	example any    // of the body that it takes
	limit   int64  // bytes of the body; maxJSON where it is 0
	uploads []string
	answers map[string]*huma.Response // of success, where a type does not tell
}

// register has a handler answer the route of that id.
func register[I, O any](a *API, id string, d doc, handle func(context.Context, *I) (*O, error)) {
	r := routeOf(id)
	if r == nil {
		panic("admin: operation " + id + " is not in the table of routes")
	}
	op := huma.Operation{
		OperationID: id, Method: r.method, Path: r.path,
		Tags: []string{d.tag}, Summary: d.summary, Description: description(r, d),
		Security: security(r), DefaultStatus: d.status,
		MaxBodyBytes: -1, BodyReadTimeout: -1, // body.go does both
		Responses: d.answers,
		Errors:    statuses[I](r, d),
	}
	if body, ok := reflect.TypeFor[I]().FieldByName("Body"); ok {
		limit := d.limit
		if limit == 0 {
			limit = maxJSON
		}
		op.Middlewares = append(op.Middlewares, a.readJSON(limit, body.Type.Kind() != reflect.Pointer))
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Example: d.example}}}
	}
	if len(d.uploads) > 0 {
		op.Middlewares = append(op.Middlewares, uploadTypes(d.uploads...))
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, name := range d.uploads {
			op.RequestBody.Content[name] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
	}
	if _, ok := any(new(I)).(aboutEndpoint); !ok && strings.Contains(r.path, "{endpoint}") {
		panic("admin: operation " + id + " does not tell which endpoint it is about")
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		x := exchangeOf(ctx)
		if of, ok := any(in).(aboutEndpoint); ok && !x.actor.Reaches(of.endpoint()) {
			return nil, a.denied(x, "key %q does not reach endpoint %q; this needs a key of scope %s that does", x.actor.Name, of.endpoint(), r.scope)
		}
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.problemOf(x, err)
		}
		return out, nil
	})
}

// What is embedded in an input is exported, since huma sees nothing else.

// aboutEndpoint is the input of what concerns one endpoint. A key that does not
// reach it is turned away before the handler runs.
type aboutEndpoint interface{ endpoint() string }

// security is what it takes to use a route. In OpenAPI 3.1 the names beside a
// bearer token are those of roles.
func security(r *route) []map[string][]string {
	if r.scope == "" {
		return []map[string][]string{}
	}
	return []map[string][]string{{"token": {string(r.scope)}}}
}

func description(r *route, d doc) string {
	text := d.summary + "."
	if d.more != "" {
		text += " " + d.more
	}
	switch {
	case r.scope == "":
		text += " Needs no key."
	case r.whole && r.scope != model.ScopeAdmin:
		text += " Needs a key of scope " + string(r.scope) + " that is not limited to endpoints."
	default:
		text += " Needs a key of scope " + string(r.scope) + "."
	}
	return text
}

// statuses are those of errors that an operation can answer with.
func statuses[I any](r *route, d doc) []int {
	// Foreign pages and malformed queries are refused everywhere.
	all := append([]int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusInternalServerError}, d.errors...)
	if r.scope != "" {
		all = append(all, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	}
	if strings.Contains(r.path, "{") {
		all = append(all, http.StatusNotFound)
	}
	t := reflect.TypeFor[I]()
	if _, ok := t.FieldByName("Body"); ok || len(d.uploads) > 0 {
		all = append(all, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if _, ok := t.FieldByName("IfMatch"); ok {
		all = append(all, http.StatusPreconditionFailed)
	}
	if r.method != http.MethodGet {
		all = append(all, http.StatusConflict)
	}
	for status := range d.answers { // it has been described
		if n, err := strconv.Atoi(status); err == nil {
			all = slices.DeleteFunc(all, func(other int) bool { return other == n })
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
