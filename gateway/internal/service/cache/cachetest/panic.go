package cachetest

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// Panics has one operation panic in the middle of others: it alone fails, and
// its connection alone is closed.
func Panics(t *testing.T, backend actor.Backend[cache.Conn]) {
	const workers, clients, times = 3, 12, 20
	counted := &counting{Backend: backend}
	s := cache.New(cache.NewRemote(counted, actor.Options{
		Name: "test", Workers: workers, Mailbox: 256, Timeout: 5 * time.Second, Log: slog.New(slog.DiscardHandler),
	}, func(context.Context) error { return nil }))
	side(clients, func(n int) {
		for range times {
			if a := <-Go(s, noCall, cache.Request{Op: cache.Put, Key: "fine"}); a.Err != nil {
				t.Errorf("another's answer: %v", a.Err)
			}
		}
		if n == 0 {
			(<-Go(s, noCall, cache.Request{Op: cache.Put, Key: panicKey})).Want(t, "the one that panics", abi.ErrInternal)
		}
	})
	if opened, closed := counted.opened.Load(), counted.closed.Load(); closed != 1 || opened < workers || opened > workers+1 {
		t.Errorf("%d connections were opened and %d closed; want up to %d and 1", opened, closed, workers+1)
	}
	if got := s.Stats().Panics; got != 1 {
		t.Errorf("the stats show %d panics", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if opened, closed := counted.opened.Load(), counted.closed.Load(); opened != closed {
		t.Errorf("%d connections were opened and %d closed", opened, closed)
	}
}

const panicKey = "panic"

// counting is a real backend whose connections panic for one key.
type counting struct {
	actor.Backend[cache.Conn]
	opened, closed atomic.Int32
}

func (c *counting) Open(ctx context.Context) (cache.Conn, error) {
	conn, err := c.Backend.Open(ctx)
	if err == nil {
		c.opened.Add(1)
		conn = panicking{conn}
	}
	return conn, err
}

func (c *counting) Close(conn cache.Conn) {
	c.closed.Add(1)
	c.Backend.Close(conn.(panicking).Conn)
}

type panicking struct{ cache.Conn }

func (p panicking) Do(ctx context.Context, r *cache.Request) (cache.Result, error) {
	if r.Key == panicKey {
		panic("a driver's mistake")
	}
	return p.Conn.Do(ctx, r)
}
