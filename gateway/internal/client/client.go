// Package client speaks to the admin API of a gateway: over the unix socket in
// its data directory, where no token is needed, or over TCP with one.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Options say which gateway is meant.
type Options struct {
	Server string // "http://host:port" or "host:port"; empty for the socket
	Token  string
	Data   string // data directory, for the socket
}

// Client is safe for use from many goroutines.
type Client struct {
	http  *http.Client
	base  string // without a slash at the end
	token string
	place string // for messages
}

// SocketName is what the socket is called in the data directory.
const SocketName = "admin.sock"

// ErrUnreachable says that there was no answer at all.
var ErrUnreachable = errors.New("the gateway cannot be reached")

// New makes a client. Nothing is sent yet.
func New(o Options) (*Client, error) {
	if o.Server == "" {
		socket := filepath.Join(o.Data, SocketName)
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}
		return &Client{
			http: &http.Client{Transport: &http.Transport{DialContext: dial}},
			base: "http://localhost", place: socket,
		}, nil
	}
	if !strings.Contains(o.Server, "://") {
		o.Server = "http://" + o.Server
	}
	at, err := url.Parse(o.Server)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("server %q: write it as in http://127.0.0.1:9090", o.Server)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	return &Client{
		http:  &http.Client{Transport: transport},
		base:  strings.TrimSuffix(at.Scheme+"://"+at.Host+at.Path, "/"),
		token: o.Token, place: o.Server,
	}, nil
}

// Request is one call of the API.
type Request struct {
	Method string
	Path   string // below /api/v1, such as "/endpoints/orders"; segments escaped
	Query  url.Values
	Header http.Header

	In          any       // sent as JSON, unless Body is there
	Body        io.Reader // sent as it is, with
	ContentType string
	Size        int64 // of Body, if it is known
}

// Path joins escaped segments below /api/v1.
func Path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// Do sends a request and reads the answer's JSON into out, unless it is nil.
// An answer that tells of an error is a [*Problem].
func (c *Client) Do(ctx context.Context, r Request, out any) error {
	answer, err := c.Open(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if out == nil || answer.StatusCode == http.StatusNoContent {
		_, err := io.Copy(io.Discard, answer.Body)
		return err
	}
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		return fmt.Errorf("the gateway at %s answered what is no JSON; is it one? %w", c.place, err)
	}
	return nil
}

// Open sends a request and leaves the body of a good answer to the caller, who
// closes it.
func (c *Client) Open(ctx context.Context, r Request) (*http.Response, error) {
	body := r.Body
	if body == nil && r.In != nil {
		data, err := json.Marshal(r.In)
		if err != nil {
			return nil, err
		}
		body, r.ContentType = bytes.NewReader(data), "application/json"
	}
	target := c.base + "/api/v1" + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, err
	}
	if r.Header != nil {
		request.Header = r.Header.Clone()
	}
	if r.ContentType != "" {
		request.Header.Set("Content-Type", r.ContentType)
	}
	if r.Size > 0 {
		request.ContentLength = r.Size
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.unreachable(err)
	}
	if answer.StatusCode >= 400 {
		defer answer.Body.Close()
		return nil, c.readProblem(answer)
	}
	return answer, nil
}

// unreachable says in a sentence what is likely to be done about it.
func (c *Client) unreachable(err error) error {
	var failed *net.OpError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	hint := "is it running there?"
	if strings.HasSuffix(c.place, SocketName) {
		hint = "start it with edge-gateway serve, name its data directory with --data, or its address with --server"
		if errors.Is(err, fs.ErrPermission) {
			hint = "only the user that runs the gateway may; others name its address with --server, and have a token"
		}
	}
	return fmt.Errorf("%w at %s (%w): %s", ErrUnreachable, c.place, err, hint)
}
