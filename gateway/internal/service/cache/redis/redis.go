// Package redis runs a cache on a Redis server, version 6 or later.
//
// Rueidis by itself puts the commands of all callers on few connections, in a
// pipeline. Here each worker has a client with one connection, and one command
// on it at a time: the server sees exactly as many connections as there are
// workers, a command that is slow or cut off holds up nobody else's, and a
// connection can be closed when its command's time is up, since no other
// command is on it. What pipelining would save is bought back by more workers.
// For the same reason rueidis neither connects again nor repeats commands by
// itself; the worker does. There is no cache on this side, and no command that
// blocks is used.
package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/redis/rueidis"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/roots"
)

// Open makes a cache on the server that the options name. It does not connect.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	b, err := newBackend(spec)
	if err != nil {
		return nil, err
	}
	return cache.New(cache.NewRemote(b, spec.Actor(env), b.probe)), nil
}

func newBackend(spec service.Spec) (*backend, error) {
	address := spec.Options.Text("address")
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("redis address %q: must be host:port", address)
	}
	b := &backend{prefix: spec.Options.Text("prefix"), options: rueidis.ClientOption{
		InitAddress:         []string{address},
		Username:            spec.Options.Text("username"),
		Password:            spec.Options.Secret("password").Reveal(),
		SelectDB:            int(spec.Options.Int("database")),
		ForceSingleClient:   true,
		PipelineMultiplex:   -1, // one connection
		BlockingPoolSize:    1,  // never used
		DisableRetry:        true,
		DisableCache:        true,
		ClientSetInfo:       rueidis.DisableClientSetInfo,
		RingScaleEachConn:   8,
		ReadBufferEachConn:  32 << 10,
		WriteBufferEachConn: 32 << 10,
		ConnWriteTimeout:    spec.Timeout,
		Dialer:              net.Dialer{Timeout: spec.Timeout, KeepAlive: 15 * time.Second},
	}}
	if spec.Options.Bool("tls") {
		pool, err := roots.Load(spec.Options.Text("ca"))
		if err != nil {
			return nil, err
		}
		b.tls = &tls.Config{ServerName: host, RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return b, nil
}

// backend makes the connections of the workers.
type backend struct {
	options rueidis.ClientOption
	tls     *tls.Config
	prefix  string
	epoch   cache.Epoch
}

// Open implements actor.Backend.
func (b *backend) Open(ctx context.Context) (cache.Conn, error) {
	c := &conn{backend: b}
	if err := c.connect(ctx); err != nil {
		return nil, refusal(err)
	}
	return c, nil
}

// Close implements actor.Backend.
func (b *backend) Close(c cache.Conn) { c.(*conn).cut() }

func (b *backend) probe(ctx context.Context) error {
	c := &conn{backend: b}
	if err := c.connect(ctx); err != nil {
		return refusal(err)
	}
	defer c.cut()
	return refusal(c.within(ctx, func() error { return c.client.Do(ctx, c.client.B().Ping().Build()).Error() }))
}
