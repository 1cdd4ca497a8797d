package admin

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// streamed is an answer that is written as it comes.
type streamed struct {
	Body func(huma.Context)
}

const eventStream = "text/event-stream"

// wantsEvents tells whether a client asks for server-sent events.
func (x *exchange) wantsEvents() bool { return strings.Contains(x.accept, eventStream) }

// stream takes one of the places of those that watch. Its context ends with the
// request, and when the API is shut down. done has to be called.
func (a *API) stream(ctx context.Context) (watching context.Context, done func(), err error) {
	select {
	case a.streams <- struct{}{}:
	default:
		return nil, nil, problem(http.StatusTooManyRequests, "%d logs are being watched already", maxStreams).with("Retry-After", "5")
	}
	watching, cancel := context.WithCancel(ctx)
	unlink := context.AfterFunc(a.ending, cancel)
	return watching, func() {
		unlink()
		cancel()
		<-a.streams
	}, nil
}

// events writes server-sent events.
type events struct {
	w *response
}

// startEvents begins the answer. Nothing on the way may keep it back.
func startEvents(x *exchange) events {
	h := x.w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("X-Accel-Buffering", "no")
	x.w.WriteHeader(http.StatusOK)
	x.w.FlushError()
	return events{x.w}
}

// send writes one event. It fails when the client is gone, or too slow.
func (e events) send(event, id, data string) error {
	var b strings.Builder
	if event != "" {
		b.WriteString("event: " + event + "\n")
	}
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	for line := range strings.SplitSeq(data, "\n") {
		b.WriteString("data: " + strings.ReplaceAll(line, "\r", "") + "\n")
	}
	b.WriteString("\n")
	return e.write(b.String())
}

// beat keeps proxies from closing a stream on which nothing happens, and shows
// whether the client has gone.
func (e events) beat() error { return e.write(":\n\n") }

func (e events) write(text string) error {
	if _, err := io.WriteString(e.w, text); err != nil {
		return err
	}
	return e.w.FlushError()
}
