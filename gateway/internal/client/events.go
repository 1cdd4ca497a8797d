package client

import (
	"bufio"
	"context"
	"io"
	"strings"
)

// Event is one server-sent event.
type Event struct {
	Name string // "message" if it had none
	Data string
}

// Events follows a stream and calls each for every event, until it returns an
// error, the stream ends, or ctx does. io.EOF from each ends it without one.
func (c *Client) Events(ctx context.Context, r Request, each func(Event) error) error {
	if r.Header == nil {
		r.Header = map[string][]string{}
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := c.Open(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(make([]byte, 0, 64<<10), 4<<20)
	event := Event{Name: "message"}
	var data []string
	for lines.Scan() {
		line := lines.Text()
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && data != nil:
			event.Data = strings.Join(data, "\n")
			if err := each(event); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			event, data = Event{Name: "message"}, nil
		case field == "event":
			event.Name = value
		case field == "data":
			data = append(data, value)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return lines.Err()
}
