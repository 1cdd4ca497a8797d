package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type logsCommand struct {
	remote
	Endpoint string        `arg:"" optional:"" predictor:"endpoint" help:"Name of the endpoint; default all, and the gateway itself."`
	Follow   bool          `short:"f" help:"Go on with what comes."`
	Request  string        `help:"Only lines of this request id." placeholder:"ID"`
	Service  string        `help:"Only lines of this service."`
	Level    string        `enum:"debug,info,warn,error" default:"info" help:"At least: debug, info, warn or error."`
	Since    time.Duration `help:"Only lines that are younger, such as 10m."`
	Number   int           `short:"n" default:"100" help:"How many lines of before."`
}

func (c logsCommand) Run(ctx context.Context) error {
	remote, err := c.client()
	if err != nil {
		return err
	}
	query := url.Values{"level": {c.Level}, "limit": {strconv.Itoa(c.Number)}}
	set(query, "endpoint", c.Endpoint)
	set(query, "request_id", c.Request)
	set(query, "service", c.Service)
	if c.Since > 0 {
		query.Set("since", time.Now().Add(-c.Since).UTC().Format(time.RFC3339Nano))
	}
	if !c.Follow {
		var lines model.List[model.LogLine]
		if err := remote.Do(ctx, client.Request{Method: http.MethodGet, Path: "/logs", Query: query}, &lines); err != nil {
			return err
		}
		c.print(lines.Items, func() {
			for _, line := range lines.Items {
				showLine(line)
			}
			if len(lines.Items) == 0 {
				say("No line was found.")
			}
		})
		return nil
	}
	err = remote.Events(ctx, client.Request{Method: http.MethodGet, Path: "/logs/tail", Query: query}, func(e client.Event) error {
		var line model.LogLine
		if e.Name != "message" {
			say("%s", e.Data)
			return nil
		}
		if err := json.Unmarshal([]byte(e.Data), &line); err != nil {
			return fmt.Errorf("read a line of the log: %w", err)
		}
		if c.JSON {
			fmt.Println(e.Data)
			return nil
		}
		showLine(line)
		return nil
	})
	if ctx.Err() != nil {
		return nil // whoever watches ends it so
	}
	return err
}

func showLine(l model.LogLine) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-5s", l.At.Local().Format("15:04:05.000"), strings.ToUpper(l.Level))
	for _, name := range []string{l.Endpoint, l.Service, l.RequestID} {
		if name != "" {
			b.WriteString(" " + oneLine(name))
		}
	}
	// Its second line must not pass for another line of the log.
	b.WriteString("  " + strings.ReplaceAll(Plain(l.Message), "\n", "\n    | "))
	for _, name := range slices.Sorted(maps.Keys(l.More)) {
		fmt.Fprintf(&b, " %s=%s", oneLine(name), quoted(l.More[name]))
	}
	fmt.Println(b.String())
}

func quoted(text string) string {
	if text == "" || strings.ContainsAny(text, " \t\n\"") || strings.ContainsFunc(text, commands) {
		return strconv.Quote(text)
	}
	return text
}
