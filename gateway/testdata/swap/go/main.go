// A handler whose answer tests replace in the compiled library.
package main

import (
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(version) }

func main() {}

func version(*edge.Request) (*edge.Response, error) { return edge.Text(200, "version-0000"), nil }
