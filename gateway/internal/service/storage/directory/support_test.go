package directory_test

import (
	"log/slog"

	"github.com/edge-gateway/edge-gateway/abi"
)

var discard = slog.New(slog.DiscardHandler)

func newScope() (*abi.Scope, func()) { return abi.NewScope() }
