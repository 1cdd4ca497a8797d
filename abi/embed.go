package abi

import "embed"

// Headers holds edge_gateway.h, the contract that handlers are compiled
// against, and a header for each kind of service.
//
//go:embed edge_gateway*.h
var Headers embed.FS
