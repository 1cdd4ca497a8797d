// Wait answers GET /go/wait?ms=N after N milliseconds, 100 if it is not said.
package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(wait) }

func main() {}

func wait(r *edge.Request) (*edge.Response, error) {
	ms, err := milliseconds(r.Query)
	if err != nil {
		return edge.Text(400, err.Error()+"\n"), nil
	}
	if err := r.Sleep(time.Duration(ms) * time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait %d ms: %w", ms, err)
	}
	return edge.Text(200, fmt.Sprintf("waited %d ms\n", ms)), nil
}

func milliseconds(query string) (uint32, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, fmt.Errorf("the query cannot be read: %w", err)
	}
	if !values.Has("ms") {
		return 100, nil
	}
	ms, err := strconv.ParseUint(values.Get("ms"), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("ms is not a number of milliseconds: %q", values.Get("ms"))
	}
	return uint32(ms), nil
}
