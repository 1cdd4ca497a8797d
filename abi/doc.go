// Package abi is the contract between the gateway and a handler library, as
// edge_gateway.h states it, and the host's side of it: the memory that both
// see, loading, calling, and the table of functions that a library may call.
//
// It knows nothing of HTTP servers: the gateway fills a [Frame], enters an
// [Instance] and reads the [Answer]. All unsafe code of the host is here.
package abi
