package edge

import "embed"

// Files is the source of this SDK, for the toolchain that unpacks it on a box
// without this repository, beside a go.mod that it writes and the header in
// include/. This file is not among them.
//
//go:embed cache.go email.go field.go handler.go http.go library.go panic.go parameter.go request.go response.go
//go:embed row.go service_error.go services.go sql.go status.go storage.go
//go:embed backend/*.go export/*.go export/*.c
var Files embed.FS
