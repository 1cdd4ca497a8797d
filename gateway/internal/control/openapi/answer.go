package openapi

import (
	"encoding/json"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const maxBody = 64 << 10 // bytes of a stub's answer

// answer chooses what a stub answers: the first success that is documented, with
// its example or one made from its schema.
func (d *reading) answer(title string, o *openapi3.Operation, s *stub) {
	var response *openapi3.Response
	s.Status, response = firstResponse(o)
	if response == nil || s.Status == 204 || s.Status == 304 || len(response.Content) == 0 {
		return
	}
	for _, kind := range slices.SortedFunc(maps.Keys(response.Content), byPreference) {
		media := response.Content[kind]
		if media == nil {
			continue
		}
		body, ok := exampleBody(kind, media)
		if !ok {
			continue
		}
		if len(body) > maxBody {
			d.leftOut("%s: the example of %s has more than %d bytes", title, kind, maxBody)
			continue
		}
		s.ContentType, s.Body = contentType(kind), body
		return
	}
	d.leftOut("%s: the stub answers %d without a body, since it makes none of %s", title, s.Status, strings.Join(slices.Sorted(maps.Keys(response.Content)), ", "))
}

// firstResponse finds the least status of 2xx, else what stands for all others,
// else the least that there is.
func firstResponse(o *openapi3.Operation) (int, *openapi3.Response) {
	if o.Responses == nil {
		return 200, nil
	}
	value := func(key string) *openapi3.Response {
		if ref := o.Responses.Value(key); ref != nil {
			return ref.Value
		}
		return nil
	}
	keys := slices.Sorted(maps.Keys(o.Responses.Map()))
	for _, key := range keys {
		if status, err := strconv.Atoi(key); err == nil && status >= 200 && status <= 299 {
			return status, value(key)
		}
	}
	for _, key := range []string{"2XX", "2xx", "default"} {
		if response := value(key); response != nil {
			return 200, response
		}
	}
	for _, key := range keys {
		if status, err := strconv.Atoi(key); err == nil && status >= 300 && status <= 599 {
			return status, value(key)
		}
	}
	return 200, nil
}

// byPreference puts JSON first, then text.
func byPreference(a, b string) int {
	rank := func(kind string) int {
		switch {
		case isJSON(kind):
			return 0
		case isText(kind):
			return 1
		}
		return 2
	}
	if by := rank(a) - rank(b); by != 0 {
		return by
	}
	return strings.Compare(a, b)
}

func isJSON(kind string) bool {
	kind, _, err := mime.ParseMediaType(kind)
	return err == nil && (kind == "application/json" || kind == "*/*" || kind == "application/*" || strings.HasSuffix(kind, "+json"))
}

func isText(kind string) bool {
	kind, _, err := mime.ParseMediaType(kind)
	return err == nil && strings.HasPrefix(kind, "text/")
}

// contentType is what is sent for a media type of the document.
func contentType(kind string) string {
	plain, parameters, err := mime.ParseMediaType(kind)
	switch {
	case err != nil, isJSON(kind) && strings.Contains(plain, "*"):
		return "application/json"
	case plain == "text/*":
		return "text/plain; charset=utf-8"
	}
	if formatted := mime.FormatMediaType(plain, parameters); formatted != "" {
		return formatted
	}
	return plain
}

// exampleBody makes a body of JSON or text.
func exampleBody(kind string, media *openapi3.MediaType) (string, bool) {
	value, found := mediaExample(media)
	if !found && media.Schema != nil {
		value, found = example(media.Schema)
	}
	switch {
	case isJSON(kind):
		if !found {
			value = map[string]any{}
		}
		var text strings.Builder
		out := json.NewEncoder(&text)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		err := out.Encode(value)
		return text.String(), err == nil
	case isText(kind):
		text, ok := value.(string)
		return text, ok || !found
	}
	return "", false
}

func mediaExample(media *openapi3.MediaType) (any, bool) {
	if media.Example != nil {
		return media.Example, true
	}
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		if ref := media.Examples[name]; ref != nil && ref.Value != nil && ref.Value.Value != nil {
			return ref.Value.Value, true
		}
	}
	return nil, false
}
