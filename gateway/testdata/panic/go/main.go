// A handler that panics.
package main

import (
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(panics) }

func main() {}

func panics(*edge.Request) (*edge.Response, error) { panic("a secret of Go") }
