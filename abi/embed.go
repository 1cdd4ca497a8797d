package abi

import _ "embed"

// Header is the text of edge_gateway.h: the contract that handlers are
// compiled against. Read-only.
//
//go:embed edge_gateway.h
var Header []byte
