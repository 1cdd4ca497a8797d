package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// parameter is what a stub reads of a request.
type parameter struct {
	In       string // path, query or header
	Name     string // there
	Variable string // in words with _, unique
	Required bool
	Missing  string // body of the answer without it
	Comment  string
}

// parameters lists those of an operation: those of the path in their order, then
// what the document adds.
func (d *reading) parameters(title string, r route, item *openapi3.PathItem, o *openapi3.Operation) []parameter {
	declared := map[string]*openapi3.Parameter{}
	var order []string
	for _, ref := range slices.Concat(item.Parameters, o.Parameters) {
		if ref == nil || ref.Value == nil {
			continue
		}
		key := ref.Value.In + " " + ref.Value.Name
		if declared[key] == nil {
			order = append(order, key)
		}
		declared[key] = ref.Value // the operation's is the one that counts
	}
	var list []parameter
	used := map[string]bool{}
	add := func(p parameter, about *openapi3.Parameter) {
		p.Variable = variable(p.In, p.Name, used)
		if about != nil {
			for _, line := range commentLines(about.Description) {
				p.Comment = line
				break
			}
		}
		text, _ := json.Marshal(map[string]string{"error": fmt.Sprintf("%s parameter %q is missing", p.In, p.Name)})
		p.Missing = string(text)
		list = append(list, p)
	}
	pattern, _ := config.ParsePattern(r.path)
	names := map[string]string{}
	for name, local := range r.params {
		names[local] = name
	}
	for _, local := range pattern.Params() {
		about := declared["path "+names[local]]
		add(parameter{In: "path", Name: local}, about)
		if about != nil && about.Schema != nil && about.Schema.Value != nil && about.Schema.Value.Pattern != "" {
			d.leftOut("%s: the pattern of path parameter %q is not checked", title, local)
		}
	}
	for _, key := range order {
		p := declared[key]
		if why := d.unread(p, r); why != "" {
			d.leftOut("%s: %s", title, why)
		} else if p.In == "query" || p.In == "header" && !ofHTTP[strings.ToLower(p.Name)] {
			add(parameter{In: p.In, Name: p.Name, Required: p.Required}, p)
		}
	}
	return list
}

// ofHTTP are header parameters that OpenAPI says to ignore.
var ofHTTP = map[string]bool{"accept": true, "content-type": true, "authorization": true}

// unread tells why a stub does not read a parameter.
func (d *reading) unread(p *openapi3.Parameter, r route) string {
	kind := ""
	if p.Schema != nil && p.Schema.Value != nil {
		kind = schemaType(p.Schema.Value)
	}
	_, inPath := r.params[p.Name]
	switch {
	case len(p.Name) > 200 || p.Name == "" || strings.ContainsFunc(p.Name, func(c rune) bool { return c < 0x20 || c == 0x7f }):
		return fmt.Sprintf("%s parameter %q has a name that cannot be asked for", p.In, p.Name)
	case p.In == "header" && !isToken(p.Name):
		return fmt.Sprintf("header parameter %q is not the name of a header", p.Name)
	case p.In == "cookie":
		return fmt.Sprintf("cookie parameter %q is not read", p.Name)
	case p.In == "path" && !inPath && r.params[strings.TrimSuffix(p.Name, "+")] == "":
		return fmt.Sprintf("path parameter %q is not in the path", p.Name)
	case p.In == "query" && (kind == "object" || p.Style == "deepObject"):
		return fmt.Sprintf("query parameter %q is an object, which is not read", p.Name)
	case p.In != "path" && p.In != "query" && p.In != "header":
		return fmt.Sprintf("parameter %q is in %q, which is not read", p.Name, p.In)
	}
	return ""
}

func isToken(name string) bool {
	for _, c := range []byte(name) {
		if !isAlphanumeric(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}

// variable makes the name of a variable that is no word of any language, since
// it begins with where the value is from.
func variable(in, name string, used map[string]bool) string {
	word := cmp.Or(strings.ReplaceAll(words(name), "-", "_"), "value")
	base := strings.Trim(in+"_"+word[:min(len(word), 40)], "_")
	made := base
	for n := 2; used[camel(made)]; n++ {
		made = fmt.Sprintf("%s_%d", base, n)
	}
	used[camel(made)] = true
	return made
}

// camel writes path_pet_id as pathPetId.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}
