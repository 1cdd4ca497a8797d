package memcached

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// conn is a worker's client and the connections that it has open.
type conn struct {
	backend *backend
	client  *memcache.Client
	epoch   uint64
	used    time.Time
	ctx     context.Context // of the operation under way, for dial

	mu   sync.Mutex // the client reads from several servers at once
	open map[net.Conn]struct{}
}

// Do implements cache.Conn.
func (c *conn) Do(ctx context.Context, r *cache.Request) (result cache.Result, err error) {
	if !r.Repeatable() && time.Since(c.used) > cache.Idle {
		_, _ = c.Do(ctx, &cache.Request{Op: cache.Exists, Key: r.Key})
	}
	defer func() { c.used = time.Now() }()
	if now := c.backend.epoch.Now(); now != c.epoch {
		c.cut()
		c.epoch = now
	}
	err = c.within(ctx, func() error { result, err = c.run(r); return err })
	if cache.Dead(err) && cache.Ended(ctx) == nil {
		c.backend.epoch.Over(c.epoch)
		c.cut()
		c.epoch = c.backend.epoch.Now()
		if r.Repeatable() {
			err = c.within(ctx, func() error { result, err = c.run(r); return err })
		}
	}
	return result, refusal(err, r)
}

// Lost implements cache.Conn: the client lets go of bad connections by itself
// and opens new ones.
func (c *conn) Lost() bool { return false }

// within runs an operation and closes its connections if ctx ends meanwhile.
func (c *conn) within(ctx context.Context, operation func() error) error {
	c.ctx = ctx
	stop := context.AfterFunc(ctx, c.closeAll)
	err := operation()
	if !stop() {
		c.cut() // none of them is to be used again
	}
	if ended := cache.Ended(ctx); err != nil && ended != nil {
		return ended
	}
	return err
}

// dial is the client's way to a server.
func (c *conn) dial(_ context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.backend.timeout)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	t := &tracked{nc, c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[t] = struct{}{}
	if c.ctx.Err() != nil {
		_ = nc.Close() // the operation ended before it was in the list
	}
	return t, nil
}

// cut closes all connections. Not during an operation.
func (c *conn) cut() {
	_ = c.client.Close()
	c.closeAll()
}

func (c *conn) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.open {
		_ = t.(*tracked).Conn.Close()
	}
	clear(c.open)
}

// tracked takes itself off the list when the client closes it.
type tracked struct {
	net.Conn
	owner *conn
}

func (t *tracked) Close() error {
	t.owner.mu.Lock()
	delete(t.owner.open, t)
	t.owner.mu.Unlock()
	return t.Conn.Close()
}
