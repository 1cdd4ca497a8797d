// Hello answers GET /go/hello/{name} with a greeting.
package main

import (
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(hello) }

func main() {} // never called: the program is built as a library

func hello(r *edge.Request) (*edge.Response, error) {
	return edge.Text(200, "Hello, "+r.Param("name")+"!"), nil
}
