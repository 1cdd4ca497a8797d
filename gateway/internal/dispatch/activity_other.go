//go:build !linux

package dispatch

import "github.com/edge-gateway/edge-gateway/abi"

// activityOf cannot be told here.
func activityOf(int) (activity, error) { return activity{}, abi.ErrNoIdle }
