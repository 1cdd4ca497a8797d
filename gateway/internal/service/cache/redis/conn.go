package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/redis/rueidis"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// conn is a worker's connection.
type conn struct {
	backend *backend
	client  rueidis.Client // nil: not connected
	nc      net.Conn       // the client's
	epoch   uint64
	used    time.Time
}

// errOnce keeps rueidis from connecting again by itself.
var errOnce = errors.New("the connection is lost")

// connect dials, and lets rueidis introduce itself.
func (c *conn) connect(ctx context.Context) error {
	options := c.backend.options
	stop := func() bool { return true }
	c.epoch = c.backend.epoch.Now()
	options.DialCtxFn = func(_ context.Context, address string, dialer *net.Dialer, _ *tls.Config) (net.Conn, error) {
		if c.nc != nil {
			return nil, errOnce
		}
		nc, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil && c.backend.tls != nil {
			secure := tls.Client(nc, c.backend.tls)
			if err = secure.HandshakeContext(ctx); err != nil {
				_ = nc.Close()
			}
			nc = secure
		}
		if err != nil {
			return nil, err
		}
		c.nc = nc
		stop = context.AfterFunc(ctx, func() { _ = nc.Close() })
		return nc, nil
	}
	client, err := rueidis.NewClient(options)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if ended := cache.Ended(ctx); ended != nil {
			err = ended
		}
		if client != nil {
			client.Close()
		}
		c.cut()
		return err
	}
	c.client, c.used = client, time.Now()
	return nil
}

// Do implements cache.Conn.
func (c *conn) Do(ctx context.Context, r *cache.Request) (result cache.Result, err error) {
	if c.client != nil && !r.Repeatable() && time.Since(c.used) > cache.Idle {
		_, _ = c.Do(ctx, &cache.Request{Op: cache.Exists, Key: r.Key})
	}
	defer func() { c.used = time.Now() }()
	fresh := c.client == nil || c.epoch != c.backend.epoch.Now()
	if fresh {
		if err := c.renew(ctx); err != nil {
			return result, refusal(err)
		}
	}
	run := func() error { result, err = c.run(ctx, r); return err }
	err = c.within(ctx, run)
	if !fresh && cache.Dead(err) {
		c.backend.epoch.Over(c.epoch)
		if r.Repeatable() {
			if err = c.renew(ctx); err == nil {
				err = c.within(ctx, run)
			}
		}
	}
	return result, refusal(err)
}

// Lost implements cache.Conn.
func (c *conn) Lost() bool { return c.client == nil }

func (c *conn) renew(ctx context.Context) error {
	c.cut()
	return c.connect(ctx)
}

// within runs a command and closes the connection if ctx ends meanwhile, or if
// the command says that it is broken.
func (c *conn) within(ctx context.Context, command func() error) error {
	nc := c.nc
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	err := command()
	if ended := !stop(); ended || broken(err) {
		c.cut()
	}
	if ended := cache.Ended(ctx); err != nil && ended != nil {
		return ended
	}
	return err
}

// cut closes the connection. The network's end goes first, since the client
// would wait for a server that hangs.
func (c *conn) cut() {
	if c.nc != nil {
		_ = c.nc.Close()
		c.nc = nil
	}
	if c.client != nil {
		c.client.Close()
		c.client = nil
	}
}
