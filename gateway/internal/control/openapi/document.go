// Package openapi makes endpoints and handler stubs from an OpenAPI 3 document.
//
// Each operation becomes an endpoint with a project of its own: a handler that
// reads the parameters, answers 400 where a required one is missing, and else
// what the document has as an example of its first success. What a document
// says beyond that is left out, and told.
//
// HEAD beside a GET is not an endpoint, since GET answers it. OPTIONS is one
// like any other. TRACE and CONNECT never are: the first shows a client's own
// headers to whoever asks for it, the second never reaches a handler.
package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v4"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// Bounds of a document.
const (
	maxBytes      = 4 << 20
	maxNodes      = 500_000 // values and keys, with aliases written out
	maxDepth      = 200
	maxOperations = 500
	maxNotes      = 1000
)

// Document is what an import makes.
type Document struct {
	Operations []Operation
	LeftOut    []string // what is not taken, and why
}

// Read reads a document. What is wrong with the request is a [*model.Error].
func Read(r model.ImportRequest) (*Document, error) {
	if !slices.Contains(toolchain.Languages(), toolchain.Language(r.Language)) {
		return nil, model.Errorf(model.Invalid, "there is no language %q: it is one of c, rust and go", r.Language).At("language")
	}
	r.Domain = strings.ToLower(r.Domain)
	if err := config.CheckDomain(r.Domain); err != nil {
		return nil, model.Errorf(model.Invalid, "%w", err).At("domain")
	}
	if r.Prefix != "" && config.CheckName(r.Prefix+"a") != nil {
		return nil, model.Errorf(model.Invalid, "prefix %q must be a-z, 0-9, '-', '_' and '.', and start with a letter or digit", r.Prefix).At("prefix")
	}
	doc, err := load([]byte(r.Document))
	if err != nil {
		return nil, err
	}
	d := &reading{doc: doc, domain: r.Domain, prefix: r.Prefix, names: map[string]bool{}}
	if err := d.operations(); err != nil {
		return nil, err
	}
	return &d.made, nil
}

// load parses a document, all in memory: a $ref to a file or to another host is
// an error.
func load(data []byte) (doc *openapi3.T, err error) {
	if len(data) > maxBytes {
		return nil, model.Errorf(model.TooLarge, "the document has more than %d bytes", maxBytes).At("document")
	}
	refused := func(format string, args ...any) error {
		return model.Errorf(model.Refused, format, args...).At("document")
	}
	if err := checkSize(data); err != nil {
		return nil, err
	}
	var head struct {
		OpenAPI string `yaml:"openapi"`
		Swagger string `yaml:"swagger"`
	}
	if err := yaml.Unmarshal(data, &head); err == nil && !version.MatchString(head.OpenAPI) {
		if head.Swagger != "" {
			return nil, refused("the document is of Swagger %s: convert it to OpenAPI 3 first", clip(head.Swagger))
		}
		return nil, refused(`the document does not say "openapi: 3.x.y", so it is not one of OpenAPI 3`)
	}
	loader := openapi3.NewLoader()
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, at *url.URL) ([]byte, error) {
		return nil, fmt.Errorf("$ref leads to %q: only what is in the document itself is read", clip(at.String()))
	}
	// The document may be of any shape, and a parser's slip is not to end the
	// process.
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, refused("the document cannot be read")
		}
	}()
	doc, err = loader.LoadFromData(data)
	if err != nil {
		return nil, refused("the document cannot be read: %s", clip(err.Error()))
	}
	return doc, nil
}

var version = regexp.MustCompile(`^3\.\d{1,3}(\.|$)`)

// checkSize bounds what a document holds once its aliases are written out. What
// is not YAML has none, and is for the parser to refuse.
func checkSize(data []byte) error {
	var root yaml.Node
	if yaml.Unmarshal(data, &root) != nil {
		return nil
	}
	_, err := (&counter{known: map[*yaml.Node]int{}}).count(&root, 0)
	if err != nil {
		return model.Errorf(model.TooLarge, "%w", err).At("document")
	}
	return nil
}

// counter counts nodes; one that an alias names, as often as it is named.
type counter struct {
	known map[*yaml.Node]int // 0 while it is being counted
}

func (c *counter) count(n *yaml.Node, depth int) (int, error) {
	if depth > maxDepth {
		return 0, fmt.Errorf("the document is more than %d levels deep", maxDepth)
	}
	if total, ok := c.known[n]; ok {
		if total == 0 {
			return 0, errors.New("an alias of the document is a part of itself")
		}
		return total, nil
	}
	c.known[n] = 0
	total := 1
	below := n.Content
	if n.Alias != nil {
		below = []*yaml.Node{n.Alias}
	}
	for _, child := range below {
		more, err := c.count(child, depth+1)
		if err != nil {
			return 0, err
		}
		if total += more; total > maxNodes {
			return 0, fmt.Errorf("the document has more than %d values", maxNodes)
		}
	}
	c.known[n] = total
	return total, nil
}

// clip shortens what a message shows of a document.
func clip(text string) string {
	if len(text) > 300 {
		return text[:300] + "..."
	}
	return text
}
