package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/roots"
)

// client sends requests over HTTP/1.1: one request is one connection's, so that
// ending it disturbs no other, and the connections to a host can be counted.
type client struct {
	transport    *http.Transport
	dialer       net.Dialer
	allow        allowList
	private      bool // names may lead to inner addresses
	retries      int
	maxRedirects int
	connections  atomic.Int64
}

const (
	maxAnswerHeader = 64 << 10
	retryPause      = 20 * time.Millisecond // doubled for each retry
)

func newClient(spec service.Spec) (*client, error) {
	o := spec.Options
	allow, err := parseAllowList(o.Texts("allow"))
	if err != nil {
		return nil, err
	}
	pool, err := roots.Load(o.Text("ca"))
	if err != nil {
		return nil, err
	}
	c := &client{
		allow: allow, private: o.Bool("allow_private"), retries: int(o.Int("retries")), maxRedirects: int(o.Int("max_redirects")),
	}
	c.dialer = net.Dialer{Timeout: o.Duration("connect_timeout"), KeepAlive: 15 * time.Second, ControlContext: c.control}
	perHost := max(1, int(o.Int("per_host")))
	c.transport = &http.Transport{
		Proxy:                  nil, // none of the environment's either
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool},
		TLSHandshakeTimeout:    o.Duration("connect_timeout"),
		DisableCompression:     true, // bodies are given as they were sent
		MaxConnsPerHost:        perHost,
		MaxIdleConnsPerHost:    perHost,
		MaxIdleConns:           max(1, spec.Workers),
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxAnswerHeader,
		Protocols:              new(http.Protocols),
	}
	c.transport.Protocols.SetHTTP1(true)
	return c, nil
}

// dial connects and counts the connection.
func (c *client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.connections.Add(1)
	return &counted{Conn: conn, close: sync.OnceValue(func() error {
		c.connections.Add(-1)
		return conn.Close()
	})}, nil
}

type counted struct {
	net.Conn
	close func() error
}

func (c *counted) Close() error { return c.close() }

// fetch sends a request and follows redirects.
func (c *client) fetch(ctx context.Context, e *exchange) (Result, error) {
	for hops := 0; ; hops++ {
		answer, err := c.send(ctx, e)
		if err != nil {
			return Result{}, explain(ctx, e, err)
		}
		target, leads := redirect(answer)
		if !leads || e.noRedirects {
			return read(ctx, e, answer)
		}
		discard(answer.Body)
		if hops == c.maxRedirects {
			return Result{}, service.Errorf(abi.ErrRefused, "more than %d redirects", c.maxRedirects)
		}
		if err := c.follow(e, answer.StatusCode, target); err != nil {
			return Result{}, err
		}
	}
}

// send sends a request to one server, and again if that is harmless and no byte
// of an answer has come.
func (c *client) send(ctx context.Context, e *exchange) (*http.Response, error) {
	for attempt := 0; ; attempt++ {
		answer, answered, err := c.attempt(ctx, e)
		if err == nil || answered || attempt >= c.retries || !e.repeatable() || !passing(err) {
			return answer, err
		}
		pause := time.NewTimer(retryPause << min(attempt, 10))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, err
		}
	}
}

// attempt is one try. answered tells whether a byte has come back.
func (c *client) attempt(ctx context.Context, e *exchange) (answer *http.Response, answered bool, err error) {
	var first atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { first.Store(true) }})
	answer, err = c.transport.RoundTrip(e.request(traced))
	if err == nil && answer.StatusCode < 200 { // 101: nobody has asked for another protocol
		_ = answer.Body.Close()
		return nil, true, fmt.Errorf("the answer is a %d, which was not asked for", answer.StatusCode)
	}
	return answer, first.Load(), err
}

// passing tells whether the same request may go well the next moment.
func passing(err error) bool {
	var denied *deniedAddress
	var certificate *tls.CertificateVerificationError
	return !errors.As(err, &denied) && !errors.As(err, &certificate)
}

// read takes the body of an answer, up to the limit.
func read(ctx context.Context, e *exchange, answer *http.Response) (Result, error) {
	defer answer.Body.Close() // closes the connection too, if there is more
	result := Result{Status: answer.StatusCode, Headers: listOf(answer.Header), URL: e.url.String(), Body: []byte{}}
	if e.method == http.MethodHead {
		return result, nil
	}
	tooLarge := service.Errorf(abi.ErrTooLarge, "the answer's body is over %d bytes", e.maxBody)
	if answer.ContentLength > e.maxBody {
		return Result{}, tooLarge
	}
	if n := answer.ContentLength; n >= 0 {
		result.Body = make([]byte, n)
		if _, err := io.ReadFull(answer.Body, result.Body); err != nil {
			return Result{}, explain(ctx, e, fmt.Errorf("the answer's body is cut off: %w", err))
		}
		return result, nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, e.maxBody+1))
	switch {
	case err != nil:
		return Result{}, explain(ctx, e, fmt.Errorf("the answer's body is cut off: %w", err))
	case int64(len(body)) > e.maxBody:
		return Result{}, tooLarge
	}
	result.Body = body
	return result, nil
}

// discard ends an answer that nobody reads. Its connection is kept if little is
// left of it, and that is there.
func discard(body io.ReadCloser) {
	late := time.AfterFunc(50*time.Millisecond, func() { _ = body.Close() })
	_, _ = io.CopyN(io.Discard, body, 16<<10)
	late.Stop()
	_ = body.Close()
}

// explain makes an error of the header of one of the network's.
func explain(ctx context.Context, e *exchange, err error) error {
	if over := ended(ctx); over != nil {
		return over
	}
	host := e.url.Host
	var denied *deniedAddress
	switch {
	case errors.As(err, &denied):
		return &service.Error{Status: abi.ErrDenied, Message: fmt.Sprintf("the name %s cannot be used: %s", host, denied), Subject: host}
	case strings.Contains(err.Error(), "server response headers exceeded"):
		return &service.Error{Status: abi.ErrTooLarge, Message: fmt.Sprintf("the answer's headers are over %d bytes", maxAnswerHeader), Subject: host}
	}
	return &service.Error{Status: abi.ErrUnavailable, Message: fmt.Sprintf("%s: %s", host, err), Subject: host}
}
