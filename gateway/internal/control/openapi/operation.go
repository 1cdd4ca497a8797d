package openapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Operation is an endpoint that an import makes.
type Operation struct {
	Title string // "GET /orders/{id}", as the document has it
	Spec  model.EndpointSpec
	stub  stub
}

// Without leaves out the operations that there is an endpoint for, whatever was
// done to it since: it is never made anew.
func (d *Document) Without(find func(name string) (model.EndpointSpec, bool)) *Document {
	rest := &Document{LeftOut: slices.Clone(d.LeftOut)}
	for _, o := range d.Operations {
		is, ok := find(o.Spec.Name)
		switch {
		case !ok:
			rest.Operations = append(rest.Operations, o)
		case is.Domain != o.Spec.Domain || is.Path != o.Spec.Path || !slices.Equal(is.Methods, o.Spec.Methods):
			rest.LeftOut = append(rest.LeftOut, fmt.Sprintf("%s: endpoint %q is there already, with another route", o.Title, o.Spec.Name))
		}
	}
	return rest
}

// reading is a document that is being read.
type reading struct {
	doc    *openapi3.T
	domain string
	prefix string
	made   Document
	names  map[string]bool // of endpoints
	routes []config.Route  // likewise
}

func (d *reading) leftOut(format string, args ...any) {
	switch {
	case len(d.made.LeftOut) < maxNotes:
		d.made.LeftOut = append(d.made.LeftOut, clip(printable(fmt.Sprintf(format, args...))))
	case len(d.made.LeftOut) == maxNotes:
		d.made.LeftOut = append(d.made.LeftOut, "and more")
	}
}

func (d *reading) operations() error {
	if d.doc.Paths == nil || d.doc.Paths.Len() == 0 {
		return model.Errorf(model.Refused, "the document has no paths").At("document")
	}
	paths := d.doc.Paths.Map()
	secured := len(d.doc.Security) > 0
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path]
		if item == nil {
			continue
		}
		operations := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			operation := operations[method]
			if operation == nil {
				continue
			}
			if len(d.made.Operations) == maxOperations {
				return model.Errorf(model.TooLarge, "the document has more than %d operations", maxOperations).At("document")
			}
			secured = secured || operation.Security != nil && len(*operation.Security) > 0
			d.operation(method, path, item, operation)
		}
	}
	if len(d.doc.Servers) > 1 {
		d.leftOut("servers: only the first one's path goes before those of the operations")
	}
	if secured {
		d.leftOut("security: the stubs do not ask who calls")
	}
	if len(d.doc.Webhooks) > 0 {
		d.leftOut("webhooks: they are requests to others, not to this gateway")
	}
	return nil
}

func (d *reading) operation(method, path string, item *openapi3.PathItem, o *openapi3.Operation) {
	title := method + " " + path
	if err := checkMethod(method, item); err != nil {
		d.leftOut("%s: %s", title, err)
		return
	}
	base, err := d.basePath(item, o)
	if err != nil {
		d.leftOut("%s: %s", title, err)
		return
	}
	route, err := convert(base, path)
	if err != nil {
		d.leftOut("%s: %s", title, err)
		return
	}
	added := config.Route{Domain: d.domain, Path: route.path, Methods: []string{method}}
	for _, c := range config.FindConflicts(append(slices.Clone(d.routes), added)) {
		if c.Second == len(d.routes) {
			d.leftOut("%s: it answers the same requests as %s", title, d.made.Operations[c.First].Title)
			return
		}
	}
	made := Operation{
		Title: clip(printable(title)),
		Spec: model.EndpointSpec{
			Name: d.name(method, path, o.OperationID), Domain: added.Domain, Path: route.path, Methods: added.Methods,
		},
	}
	made.stub = stub{Title: title, Comment: comment(o, item), Parameters: d.parameters(title, route, item, o)}
	made.stub.NeedsBody = o.RequestBody != nil && o.RequestBody.Value != nil && o.RequestBody.Value.Required
	d.answer(title, o, &made.stub)
	if len(o.Callbacks) > 0 {
		d.leftOut("%s: callbacks are requests to others, not to this gateway", title)
	}
	d.routes = append(d.routes, added)
	d.made.Operations = append(d.made.Operations, made)
}

func checkMethod(method string, item *openapi3.PathItem) error {
	switch {
	case method == "TRACE":
		return fmt.Errorf("TRACE would show a client's own headers to whoever asks")
	case method == "HEAD" && item.Get != nil:
		return fmt.Errorf("the endpoint of GET answers HEAD")
	}
	return config.CheckMethod(method)
}

// comment is what people wrote about an operation.
func comment(o *openapi3.Operation, item *openapi3.PathItem) []string {
	text := o.Summary
	for _, other := range []string{o.Description, item.Summary, item.Description} {
		if text == "" {
			text = other
		}
	}
	return commentLines(text)
}

// name makes the name of an endpoint: of the operation's own, or of its method
// and path.
func (d *reading) name(method, path, id string) string {
	base := words(id)
	if base == "" {
		base = words(strings.ToLower(method) + " " + path)
	}
	const most = 60 // with room for a number
	base = d.prefix + base
	base = strings.TrimRight(base[:min(len(base), most)], "-")
	name := base
	for n := 2; d.names[name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	d.names[name] = true
	return name
}

// words writes "listPets", "list_pets" and "List pets" as "list-pets".
func words(text string) string {
	var b strings.Builder
	var before rune
	for _, c := range text {
		plain := c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c))
		if (!plain || unicode.IsUpper(c) && !unicode.IsUpper(before)) && b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
		if plain {
			b.WriteRune(unicode.ToLower(c))
		}
		before = c
		if b.Len() > 200 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}
