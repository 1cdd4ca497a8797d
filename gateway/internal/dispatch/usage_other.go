//go:build !linux

package dispatch

import "github.com/edge-gateway/edge-gateway/abi"

// usageOf cannot be told here.
func usageOf(int) (usage, error) { return usage{}, abi.ErrNoIdle }
