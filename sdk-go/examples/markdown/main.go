// Markdown answers POST /go/markdown with the body as HTML.
package main

import (
	"bytes"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
	"github.com/yuin/goldmark"
)

func init() { edge.Handle(markdown) }

func main() {}

func markdown(r *edge.Request) (*edge.Response, error) {
	var html bytes.Buffer
	if err := goldmark.Convert(r.Body, &html); err != nil {
		return nil, err
	}
	return edge.Bytes(200, "text/html; charset=utf-8", html.Bytes()), nil
}
