package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/logs"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Logs is where the log is kept. A *logs.Store is one.
type Logs interface {
	// Last finds the last n lines that f selects, the oldest first.
	Last(ctx context.Context, f model.LogFilter, n int) ([]model.LogLine, error)
	// Tail sends the last n lines that f selects, and then those that come,
	// until ctx ends.
	Tail(ctx context.Context, f model.LogFilter, n int) (<-chan model.LogLine, error)
	// LeftOut is how many lines were not kept.
	LeftOut() uint64
}

var _ Logs = (*logs.Store)(nil)

type LogQuery struct {
	Endpoint  string    `query:"endpoint" maxLength:"64" doc:"Only lines of this endpoint."`
	RequestID string    `query:"request_id" maxLength:"128" doc:"Only lines of this request."`
	Service   string    `query:"service" maxLength:"64" doc:"Only lines of this service."`
	Level     string    `query:"level" enum:"debug,info,warn,error" default:"debug" doc:"Only lines of this level or above."`
	Since     time.Time `query:"since" doc:"Only lines that are not older."`
}

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// filter selects what was asked for, of what who asks may see.
func (i LogQuery) filter(ctx context.Context) model.LogFilter {
	return model.LogFilter{
		Endpoint: i.Endpoint, RequestID: i.RequestID, Service: i.Service, Level: levels[i.Level], Since: i.Since,
		Names: visible(model.ActorOf(ctx)),
	}
}

type tailInput struct {
	LogQuery
	Limit       int       `query:"limit" minimum:"0" maximum:"1000" default:"100" doc:"Of the lines that are there already, how many to begin with."`
	LastEventID time.Time `header:"Last-Event-ID" timeFormat:"2006-01-02T15:04:05.999999999Z07:00" doc:"Id of the last line that the client has."`
}

func (a *API) registerLogs() {
	register(a, "list-logs", doc{tag: "status", summary: "Read the last lines of the log", more: "The oldest first. A key that is limited to endpoints sees lines of these only."},
		func(ctx context.Context, in *struct {
			LogQuery
			Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many lines at most."`
		}) (*listed[model.LogLine], error) {
			lines, err := a.logs.Last(ctx, in.filter(ctx), in.Limit)
			return list(ctx, model.List[model.LogLine]{Items: lines}, err)
		})
	register(a, "tail-logs", doc{
		tag: "status", summary: "Watch the log",
		more:    "Server-sent events with a line each, as JSON. A client that comes back with Last-Event-ID goes on after the time that it says.",
		answers: map[string]*huma.Response{"200": {Description: "The log as it comes.", Content: content(eventStream, &huma.Schema{Type: huma.TypeString})}},
	}, a.tailLogs)
}

func (a *API) tailLogs(ctx context.Context, in *tailInput) (*streamed, error) {
	filter, limit := in.filter(ctx), in.Limit
	if !in.LastEventID.IsZero() {
		filter.Since, limit = in.LastEventID.Add(1), 1000 // what came while it was away
	}
	watching, done, err := a.stream(ctx)
	if err != nil {
		return nil, err
	}
	lines, err := a.logs.Tail(watching, filter, limit)
	if err != nil {
		done()
		return nil, err
	}
	x := exchangeOf(ctx)
	return &streamed{func(huma.Context) {
		defer func() {
			done() // ends lines
			for range lines {
			}
		}()
		out := startEvents(x)
		if x.r.Method == http.MethodHead {
			return
		}
		beat := time.NewTicker(a.limits.heartbeat)
		defer beat.Stop()
		for {
			var err error
			select {
			case line, ok := <-lines:
				if !ok {
					return
				}
				err = sendLine(out, line)
			case <-beat.C:
				err = out.beat()
			}
			if err != nil {
				return
			}
		}
	}}, nil
}

func sendLine(out events, line model.LogLine) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	return out.send("", line.At.Format(time.RFC3339Nano), string(text))
}
