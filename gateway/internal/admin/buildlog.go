package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

type buildLogInput struct {
	BuildPath
	Follow      bool  `query:"follow" doc:"Go on until the build has ended. Events always do."`
	LastEventID int64 `header:"Last-Event-ID" minimum:"0" doc:"Number of the last line that the client has."`
}

func (a *API) buildLog(ctx context.Context, in *buildLogInput) (*streamed, error) {
	if _, err := a.visibleBuild(ctx, in.Build); err != nil {
		return nil, err
	}
	x := exchangeOf(ctx)
	watching, done, err := a.stream(ctx)
	if err != nil {
		return nil, err
	}
	log, err := a.control.BuildLog(watching, in.Build, in.Follow || x.wantsEvents())
	if err != nil {
		done()
		return nil, err
	}
	return &streamed{func(huma.Context) {
		defer done()
		defer log.Close()
		switch {
		case x.r.Method == http.MethodHead:
			x.w.WriteHeader(http.StatusOK)
		case x.wantsEvents():
			a.sendBuildLog(watching, in, startEvents(x), log)
		default:
			x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			x.w.Header().Set("X-Accel-Buffering", "no")
			x.w.WriteHeader(http.StatusOK)
			io.Copy(flushing{x.w}, log)
		}
	}}, nil
}

// sendBuildLog sends the lines of a log from the one that the client asks for,
// and how the build ended.
func (a *API) sendBuildLog(ctx context.Context, in *buildLogInput, out events, log io.Reader) {
	ctx, cancel := context.WithCancel(ctx)
	lines := readLines(ctx, log)
	defer func() {
		cancel()
		for range lines { // until its goroutine has ended
		}
	}()
	beat := time.NewTicker(a.limits.heartbeat)
	defer beat.Stop()
	number := int64(0)
	for {
		var err error
		select {
		case line, ok := <-lines:
			if !ok {
				a.sendEnd(ctx, in.Build, out)
				return
			}
			if number++; number > in.LastEventID {
				err = out.send("", strconv.FormatInt(number, 10), line)
			}
		case <-beat.C:
			err = out.beat()
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// sendEnd tells what became of a build, once that is known.
func (a *API) sendEnd(ctx context.Context, id string, out events) {
	b, err := a.control.FindBuild(ctx, id)
	if err != nil || !b.State.Final() {
		return // it is being ended; the client comes back
	}
	text, err := json.Marshal(b)
	if err == nil {
		out.send("end", "", string(text))
	}
}

// longestLine is the most of a line that is sent at once, in bytes.
const longestLine = 64 << 10

// readLines gives the lines of r until it ends or ctx does. Then the channel is
// closed, once r has returned: it has to heed ctx.
func readLines(ctx context.Context, r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		buffered := bufio.NewReaderSize(r, longestLine)
		for {
			line, _, err := buffered.ReadLine()
			if err != nil {
				return
			}
			select {
			case lines <- strings.ToValidUTF8(string(line), "\uFFFD"):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// flushing sends each piece as it comes.
type flushing struct{ w *response }

func (f flushing) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err == nil {
		err = f.w.FlushError()
	}
	return n, err
}
