package dispatch

import (
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/abi"
)

// fail ends a call with the error that its handler returned, or completed it
// with. The end of a process is told once, for all that it had.
func (c *call) fail(status abi.Status) verdict {
	c.failure = status
	if status != abi.Lost {
		c.logFailure(status)
	}
	return failed
}

// refuseFailed tells the client of an error of the handler's what it can act on:
// to come back, or not. Most often the status is that of a service, handed on.
func refuseFailed(ctx *fasthttp.RequestCtx, status abi.Status) {
	switch status {
	case abi.ErrOverloaded, abi.ErrUnavailable, abi.ErrClosing:
		unavailable(ctx)
	case abi.ErrDeadline:
		refuse(ctx, http.StatusGatewayTimeout, "")
	case abi.Lost:
		refuse(ctx, http.StatusBadGateway, "")
	default:
		refuse(ctx, http.StatusInternalServerError, "")
	}
}
