package dispatch

import (
	"fmt"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
)

// apply copies the handler's answer into the response. An answer that breaks
// the rules becomes 502 and a line in the log, and nothing of it is sent.
func (c *call) apply(ctx *fasthttp.RequestCtx) {
	err := c.frame.Read(func(a *abi.Answer) error { return c.copyAnswer(&ctx.Response, a) })
	if err == nil {
		return
	}
	ctx.Response.Reset()
	ctx.Response.Header.DisableNormalizing()
	refuse(ctx, http.StatusBadGateway, "")
	c.logBroken("gave an answer that cannot be sent", err.Error())
}

func (c *call) copyAnswer(to *fasthttp.Response, a *abi.Answer) error {
	if a.Status < 200 || a.Status > 599 {
		return fmt.Errorf("status %d is not between 200 and 599", a.Status)
	}
	to.SetStatusCode(a.Status)
	for i := range a.Headers() {
		name, value, err := a.Header(i)
		if err != nil {
			return err
		}
		if !wire.ValidName(name) {
			return fmt.Errorf("header %d: the name is not a token", i)
		}
		if !wire.ValidValue(value) {
			return fmt.Errorf("header %q: the value has CR, LF or NUL", name)
		}
		if wire.HostOwned(name) {
			c.logDropped(string(name))
			continue
		}
		if wire.IsContentType(name) {
			to.Header.SetContentTypeBytes(value) // as Add would, sooner
			continue
		}
		to.Header.AddBytesKV(name, value)
	}
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified {
		return nil // neither has a body
	}
	to.SetBody(a.Body)
	return nil
}
