package sql

import (
	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Refusal is the error for a SQLSTATE, which sqlite's errors are given too.
func Refusal(sqlstate, subject, message string) *service.Error {
	return &service.Error{Status: statusOf(sqlstate), Message: message, Code: sqlstate, Subject: subject}
}

func statusOf(sqlstate string) abi.Status {
	switch sqlstate {
	case "40001", "40P01": // serialization failure, deadlock
		return abi.ErrConflict
	case "57P01", "57P02", "57P03", "57P05", "53300", "58030", "XX001": // going down, starting, full, broken
		return abi.ErrUnavailable
	}
	switch {
	case len(sqlstate) != 5:
	case sqlstate[:2] == "23": // constraints
		return abi.ErrConflict
	case sqlstate[:2] == "08": // connections
		return abi.ErrUnavailable
	}
	return abi.ErrRefused
}

func gone(format string, args ...any) *service.Error {
	return service.Errorf(abi.ErrTxGone, format, args...)
}

var errFailed = Refusal("25P02", "", "an earlier statement of the transaction failed: it can only be rolled back")
