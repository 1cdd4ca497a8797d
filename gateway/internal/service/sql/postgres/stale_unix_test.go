//go:build unix

package postgres

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// pgx reads in the background while a write takes long, and leaves that read
// under way: whoever looks at the connection must not wait for it.
func TestStaleDoesNotWaitForAReadUnderWay(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	pg, err := pgconn.Connect(ctx, servertest.Postgres(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close(ctx)
	raw, err := pg.Conn().(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	reading, enough := make(chan struct{}), make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- raw.Read(func(uintptr) bool {
			close(reading)
			<-enough
			return true
		})
	}()
	<-reading
	answer := make(chan bool, 1)
	go func() { answer <- stale(ctx, pg, time.Minute) }()
	select {
	case gone := <-answer:
		if gone {
			t.Error("a good connection is taken to be gone")
		}
	case <-ctx.Done():
		t.Error("it waits for the read")
	}
	close(enough)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
