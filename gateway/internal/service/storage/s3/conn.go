package s3

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

const (
	dialTimeout = 5 * time.Second
	idleTimeout = time.Minute
)

// conn is the connection of one worker: a client with a transport that holds
// one network connection at most, made again when it breaks.
type conn struct {
	*backend
	client *minio.Core

	mu     sync.Mutex
	net    net.Conn // the last that was made
	closed bool
	now    context.Context // of the request under way, see RoundTrip
	base   http.RoundTripper
}

// Open implements actor.Backend. The network connection is made by the first
// request, with its deadline.
func (b *backend) Open(context.Context) (storage.Conn, error) { return b.connect() }

// Close implements actor.Backend.
func (b *backend) Close(c storage.Conn) { c.(*conn).close() }

func (b *backend) connect() (*conn, error) {
	c := &conn{backend: b}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	c.base = &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			n, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return n, c.keep(n)
		},
		MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1, IdleConnTimeout: idleTimeout,
		TLSHandshakeTimeout: dialTimeout,
		DisableCompression:  true, // a body is what was stored
		WriteBufferSize:     64 << 10, ReadBufferSize: 64 << 10,
	}
	client, err := minio.NewCore(b.endpoint, &minio.Options{
		Creds: b.creds, Secure: b.secure, Region: b.region, Transport: c,
		MaxRetries: 1, // none by itself: see again
	})
	if err != nil {
		return nil, service.Errorf(abi.ErrInternal, "the client of the server: %v", err)
	}
	client.SetAppInfo("edge-gateway", "")
	c.client = client
	return c, nil
}

// RoundTrip implements http.RoundTripper for the client, of which some calls
// take no context: all of them end with the one of the operation.
func (c *conn) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	ctx := c.now
	c.mu.Unlock()
	if ctx != nil {
		r = r.WithContext(ctx)
	}
	return c.base.RoundTrip(r)
}

func (c *conn) keep(n net.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = n.Close()
		return net.ErrClosed
	}
	c.net = n
	return nil
}

// close ends the network connection too when a request is left on it, as after
// a panic.
func (c *conn) close() {
	c.base.(interface{ CloseIdleConnections() }).CloseIdleConnections()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.net != nil {
		_ = c.net.Close()
	}
}
