// Package sdkc carries the C SDK, so that the gateway can compile a handler on
// a machine that has a C compiler and nothing of this repository.
package sdkc

import "embed"

// Files holds edge_gateway_sdk.h. It includes edge_gateway.h, which belongs to
// the ABI and has to be unpacked beside it.
//
//go:embed edge_gateway_sdk.h
var Files embed.FS
