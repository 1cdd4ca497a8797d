// Package sdkc carries the C SDK, so that the gateway can compile a handler on
// a machine that has a C compiler and nothing of this repository.
package sdkc

import "embed"

// Files holds edge_gateway_sdk.h and its like for the services. They include the
// headers of the ABI, which have to be unpacked beside them.
//
//go:embed edge_gateway_sdk*.h
var Files embed.FS
