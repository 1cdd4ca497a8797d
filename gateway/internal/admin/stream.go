package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
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
	x := exchangeOf(ctx)
	if !a.watchers.enter(x.actor.Name) {
		return nil, nil, problem(http.StatusTooManyRequests, "%q watches %d logs already", x.actor.Name, maxOwnStreams).with("Retry-After", "5")
	}
	select {
	case a.streams <- struct{}{}:
	default:
		a.watchers.leave(x.actor.Name)
		return nil, nil, problem(http.StatusTooManyRequests, "%d logs are being watched already", maxStreams).with("Retry-After", "5")
	}
	watching, cancel := context.WithCancel(ctx)
	unlink := context.AfterFunc(a.ending, cancel)
	var checking sync.WaitGroup
	checking.Go(func() {
		a.whileKnown(watching, x)
		cancel()
	})
	return watching, func() {
		unlink()
		cancel()
		checking.Wait()
		<-a.streams
		a.watchers.leave(x.actor.Name)
	}, nil
}

// whileKnown returns when the key of a request is deleted or expires, or ctx
// ends: a token that is worthless shows nothing more.
func (a *API) whileKnown(ctx context.Context, x *exchange) {
	token, _ := bearer(x.r)
	tick := time.NewTicker(a.limits.recheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if x.local {
			continue
		}
		_, err := a.control.Authenticate(ctx, token)
		var e *model.Error
		if errors.As(err, &e) && e.Kind == model.Unauthorized {
			return
		}
	}
}

// watchers are how many streams each key has.
type watchers struct {
	mu sync.Mutex
	of map[string]int
}

func (w *watchers) enter(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of[name] >= maxOwnStreams {
		return false
	}
	if w.of == nil {
		w.of = map[string]int{}
	}
	w.of[name]++
	return true
}

func (w *watchers) leave(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of[name]--; w.of[name] == 0 {
		delete(w.of, name)
	}
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
