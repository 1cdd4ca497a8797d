package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// remote are the flags that every command here has.
type remote struct {
	Server string `help:"Admin API, such as http://127.0.0.1:9090; default: the socket in the data directory." env:"EDGE_GATEWAY_SERVER" placeholder:"URL"`
	Token  string `help:"Key of the admin API; better given in the environment. None is needed on the socket." env:"EDGE_GATEWAY_TOKEN" placeholder:"TOKEN"`
	Data   string `help:"Data directory of a gateway on this machine." env:"EDGE_GATEWAY_DATA" default:"data" type:"path"`
	JSON   bool   `name:"json" help:"Print what the API answers, as JSON."`
}

func (r remote) client() (*client.Client, error) {
	return client.New(client.Options{Server: r.Server, Token: r.Token, Data: r.Data})
}

// call sends a request and prints the answer: as JSON, or with show.
func call[T any](ctx context.Context, r remote, request client.Request, show func(T)) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	var answer T
	if err := c.Do(ctx, request, &answer); err != nil {
		return err
	}
	r.print(answer, func() { show(answer) })
	return nil
}

// print prints a result as JSON, or as show does.
func (r remote) print(result any, show func()) {
	if !r.JSON {
		show()
		return
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	_ = out.Encode(result)
}

// list gets every page of a list, up to most items; 0 for all.
func list[T any](ctx context.Context, r remote, path string, query url.Values, most int, show func([]T)) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	items, err := pages[T](ctx, c, path, query, most)
	if err != nil {
		return err
	}
	r.print(items, func() { show(items) })
	return nil
}

func pages[T any](ctx context.Context, c *client.Client, path string, query url.Values, most int) ([]T, error) {
	items := []T{}
	if query == nil {
		query = url.Values{}
	}
	for {
		limit := 1000
		if most > 0 {
			limit = min(limit, most-len(items))
		}
		query.Set("limit", strconv.Itoa(limit))
		var page model.List[T]
		if err := c.Do(ctx, client.Request{Method: http.MethodGet, Path: path, Query: query}, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.Next == "" || most > 0 && len(items) >= most {
			return items, nil
		}
		query.Set("after", page.Next)
	}
}

// say prints a step or a remark for people, apart from the result.
func say(format string, args ...any) { fmt.Fprintln(os.Stderr, Plain(fmt.Sprintf(format, args...))) }

// set adds a value to a query unless it is empty.
func set(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

// revision makes a request fail if what it changes has been changed since.
func revision(n int64) http.Header {
	return http.Header{"If-Match": {`"` + strconv.FormatInt(n, 10) + `"`}}
}

func copyOut(body io.ReadCloser) error {
	defer body.Close()
	return copyPlain(os.Stdout, body)
}
