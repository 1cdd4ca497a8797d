package s3

import (
	"context"
	"time"
)

const (
	tries = 3
	pause = 50 * time.Millisecond // before the second try; twice as much before the third
)

// again runs a request that may be sent twice. It is sent again, within the
// time there is, when the server could not be reached, or answered that it
// cannot right now. An error of a request that may have arrived stands above
// later ones that cannot have.
func (c *conn) again(ctx context.Context, request func() error) error {
	var err, unsure error
	for try := range tries {
		if try > 0 {
			select {
			case <-time.After(pause << (try - 1)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err = c.once(ctx, request); err == nil || ctx.Err() != nil || !passing(err) {
			break
		}
		if unreachable(err) && !dialing(err) {
			unsure = err
		}
	}
	if unsure != nil && err != nil && dialing(err) {
		return unsure
	}
	return err
}

// once runs a request whose end is that of ctx.
func (c *conn) once(ctx context.Context, request func() error) error {
	c.begin(ctx)
	defer c.begin(nil)
	err := request()
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (c *conn) begin(ctx context.Context) {
	c.mu.Lock()
	c.now = ctx
	c.mu.Unlock()
}
