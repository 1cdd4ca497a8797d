// Package service holds the services that need no backend.
package service

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// TimerID is the ABI id of Timer.
const TimerID = abi.TimerID

// Timer is eg.timer/1: waiting. It needs no binding and has no state.
type Timer struct{}

// Start begins an operation.
func (Timer) Start(op *abi.Operation) {
	if op.Code != abi.TimerSleepOp {
		op.Finish(abi.ErrUnsupported, nil)
		return
	}
	args, err := abi.Load[abi.TimerSleep](op.Args)
	switch {
	case err != nil:
		op.Finish(abi.ErrInvalid, nil)
	case args.Duration <= 0:
		op.Finish(abi.OK, nil)
	default:
		timer := time.AfterFunc(time.Duration(args.Duration), func() { op.Finish(abi.OK, nil) })
		op.Cancel = func() { timer.Stop() }
	}
}
