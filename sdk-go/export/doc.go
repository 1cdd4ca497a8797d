// Package export makes a handler library of a Go program: import it for its
// effect in package main, and build with -buildmode=c-shared. It exports what
// edge_gateway.h asks for and leads it to the handler that was registered with
// package edge.
//
// Nothing of Go is ever left with the gateway: a request is copied into Go
// memory before the handler sees it, an answer into the request's arena before
// the export returns. Every export recovers panics.
//
// Without cgo the package is empty, so that the SDK builds and vets anywhere.
package export
