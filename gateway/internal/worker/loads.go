package worker

import (
	"context"
	"log/slog"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// loads is a handler of log records that tells control of libraries before
// their code runs, since it may not get back from there. Everything else goes to
// next.
type loads struct {
	next slog.Handler
	tell func(news)
	at   Library // as far as the attributes of the logger have it
}

func (l *loads) Enabled(context.Context, slog.Level) bool { return true }

func (l *loads) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := &loads{next: l.next.WithAttrs(attrs), tell: l.tell, at: l.at}
	for _, a := range attrs {
		with.at.note(a)
	}
	return with
}

func (l *loads) WithGroup(name string) slog.Handler {
	return &loads{next: l.next.WithGroup(name), tell: l.tell, at: l.at}
}

func (l *loads) Handle(ctx context.Context, r slog.Record) error {
	switch r.Message {
	case gateway.LogLoading, gateway.LogStarting:
		at := l.at
		l.tell(news{Loading: &at})
		return nil
	case gateway.LogLoaded:
		l.tell(news{Loaded: true})
		return nil
	}
	if !l.next.Enabled(ctx, r.Level) {
		return nil
	}
	return l.next.Handle(ctx, r)
}

func (l *Library) note(a slog.Attr) {
	switch a.Key {
	case "endpoint":
		l.Endpoint = a.Value.String()
	case "version":
		l.Version = a.Value.String()
	}
}
