package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// probe connects to every host that the list names in full, side by side. Where
// an entry names no port, one of the two is enough.
func (c *client) probe(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make([]error, len(c.allow))
	for n, a := range c.allow {
		if !a.wildcard {
			all.Go(func() { errs[n] = c.reach(ctx, a) })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

func (c *client) reach(ctx context.Context, a allowed) (err error) {
	host, ports := a.name, []uint16{443, 80}
	if a.address.IsValid() {
		host = a.address.String()
	}
	if a.port != 0 {
		ports = []uint16{a.port}
	}
	for _, port := range ports {
		var conn net.Conn
		if conn, err = c.dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(port)))); err == nil {
			return conn.Close()
		}
	}
	return fmt.Errorf("%s: %w", host, err)
}
