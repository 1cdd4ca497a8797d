// Package sdkrust carries the source of the Rust SDK, so that the gateway can
// compile Rust handlers on a machine that has cargo and nothing else of this
// project. The samples are not part of it.
package sdkrust

import "embed"

// Files is the crate edge-gateway-sdk: Cargo.toml and src at its root.
//
//go:embed Cargo.toml src
var Files embed.FS
