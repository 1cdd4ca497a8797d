// Package service holds the services that need no backend.
package service

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// TimerID is the ABI id of Timer.
const TimerID = "eg.timer/1"

const (
	timerSleep = 1
	// eg_timer_sleep.duration
	sleepDuration = 8
)

// Timer is eg.timer/1: waiting. It needs no binding and has no state.
type Timer struct{}

// Start begins an operation.
func (Timer) Start(op *abi.Operation) {
	switch {
	case op.Code != timerSleep:
		op.Finish(abi.ErrUnsupported, nil)
	case !op.Args.Has(sleepDuration + 8):
		op.Finish(abi.ErrInvalid, nil)
	case op.Args.Int64(sleepDuration) <= 0:
		op.Finish(abi.OK, nil)
	default:
		timer := time.AfterFunc(time.Duration(op.Args.Int64(sleepDuration)), func() { op.Finish(abi.OK, nil) })
		op.Cancel = func() { timer.Stop() }
	}
}
