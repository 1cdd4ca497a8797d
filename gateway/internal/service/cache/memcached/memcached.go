// Package memcached runs a cache on memcached servers.
//
// Each worker has a client of its own, which keeps one connection to each
// server: the servers see as many connections as there are workers, and none is
// opened and closed again under load, as happens where workers share a client
// that keeps fewer idle connections than there are operations at a time.
//
// The client knows no context. Its timeout is the service's, and a worker
// closes its connections when the operation's time is up, so that it is free
// again at once.
package memcached

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// Open makes a cache on the servers that the options name. It does not connect.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	b := &backend{timeout: spec.Timeout, prefix: spec.Options.Text("prefix")}
	for _, address := range spec.Options.Texts("servers") {
		s, err := parseServer(address)
		if err != nil {
			return nil, err
		}
		b.servers = append(b.servers, s)
	}
	if len(b.servers) == 0 {
		return nil, errors.New("no memcached server is named")
	}
	return cache.New(cache.NewRemote(b, spec.Actor(env), b.probe)), nil
}

// backend makes the clients of the workers.
type backend struct {
	servers servers
	prefix  string
	timeout time.Duration
	epoch   cache.Epoch
}

// Open implements actor.Backend. The client connects when it needs to: where
// there are several servers, one of them that is down is no reason not to use
// the others.
func (b *backend) Open(context.Context) (cache.Conn, error) { return b.open(), nil }

func (b *backend) open() *conn {
	c := &conn{backend: b, epoch: b.epoch.Now(), open: map[net.Conn]struct{}{}}
	c.client = memcache.NewFromSelector(b.servers)
	c.client.Timeout = b.timeout
	c.client.MaxIdleConns = 1
	c.client.DialContext = c.dial
	return c
}

// Close implements actor.Backend.
func (b *backend) Close(c cache.Conn) { c.(*conn).cut() }

// probe asks every server for its version.
func (b *backend) probe(ctx context.Context) error {
	c := b.open()
	defer c.cut()
	err := c.within(ctx, func() error { return c.client.Ping() })
	if err != nil {
		return fmt.Errorf("memcached: %w", err)
	}
	return nil
}
