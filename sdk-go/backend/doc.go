// Package backend makes the services of package edge out of the few operations
// that a gateway has for each. It is for those who carry handlers, such as the
// package export; handlers have no use for it.
//
// What a backend gets is the handler's and only lent for the length of the
// call. What it returns is the handler's own. Errors are [*edge.ServiceError].
package backend

import (
	"fmt"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func failure(status edge.Status, format string, args ...any) *edge.ServiceError {
	return &edge.ServiceError{Status: status, Message: fmt.Sprintf(format, args...)}
}
