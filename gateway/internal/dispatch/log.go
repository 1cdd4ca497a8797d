package dispatch

import (
	"context"
	"log/slog"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/abi"
)

// logAccess writes the line of a request that a handler answered, or should
// have.
func (d *Dispatcher) logAccess(ctx *fasthttp.RequestCtx, at *call) {
	if d.opts.Access == nil {
		return
	}
	d.opts.Access.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("method", string(ctx.Method())),
		slog.String("path", string(ctx.URI().PathOriginal())), // the frame may be gone
		slog.Int("status", ctx.Response.StatusCode()),
		slog.Int("size", len(ctx.Response.Body())),
		slog.Duration("duration", time.Since(at.started)),
		slog.String("endpoint", at.endpoint.Name),
		slog.String("version", short(at.instance.Version.Digest)),
		slog.String("request_id", string(at.id)),
		slog.String("peer", ctx.RemoteAddr().String()),
	)
}

// logEarly writes the line of a request that the scanner answers.
func (d *Dispatcher) logEarly(l *lateCall) {
	if d.opts.Access == nil {
		return
	}
	d.opts.Access.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.Int("status", l.status),
		slog.Duration("duration", time.Since(l.call.started)),
		slog.String("endpoint", l.call.endpoint.Name),
		slog.String("version", short(l.call.instance.Version.Digest)),
		slog.String("request_id", l.id),
		slog.String("peer", l.conn.RemoteAddr().String()),
		slog.String("note", "the handler had not returned at the deadline"),
	)
}

// logRefused writes the line of a request that never reached a handler.
func (r *request) logRefused(why string) {
	access := r.d.opts.Access
	if access == nil {
		return
	}
	attrs := []any{
		"method", string(r.ctx.Method()), "path", string(r.path),
		"status", r.ctx.Response.StatusCode(), "peer", r.ctx.RemoteAddr().String(),
	}
	if why != "" {
		attrs = append(attrs, "note", why)
	}
	if r.endpoint != nil {
		attrs = append(attrs, "endpoint", r.endpoint.Name)
	}
	access.Info("request", attrs...)
}

// logFailure writes what a handler said of an error of its own. The client is
// not told.
func (c *call) logFailure(status abi.Status) {
	message := c.frame.Message()
	if message == "" {
		message = "no message was given"
	}
	c.d.opts.Log.Error("the handler failed", "endpoint", c.endpoint.Name,
		"version", short(c.instance.Version.Digest), "request_id", string(c.id), "status", status.String(), "message", message)
}

// logBroken writes that a handler broke a rule of the ABI.
func (c *call) logBroken(what, detail string) {
	c.d.opts.Log.Error("the handler "+what+": "+detail, "endpoint", c.endpoint.Name,
		"version", short(c.instance.Version.Digest), "request_id", string(c.id))
}

// logDropped writes, once for a version, that a header is not the handler's to
// set.
func (c *call) logDropped(header string) {
	if c.endpoint.Once(c.instance.Version.Digest, header) {
		c.d.opts.Log.Warn("a header that belongs to the gateway was dropped from the handler's answer",
			"endpoint", c.endpoint.Name, "version", short(c.instance.Version.Digest), "header", header)
	}
}

// short is a version as people read it.
func short(version string) string {
	if len(version) > 12 {
		return version[:12]
	}
	return version
}
