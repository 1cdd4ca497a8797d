package edge

import "embed"

// Files is the source of this SDK, for the toolchain that unpacks it on a box
// without this repository, beside a go.mod that it writes and the header in
// include/. This file is not among them.
//
//go:embed field.go handler.go library.go panic.go request.go response.go services.go status.go
//go:embed export/*.go export/*.c
var Files embed.FS
