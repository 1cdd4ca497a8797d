package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeader      = 64 << 10 // bytes
	maxConnections = 1024     // of one listener
)

// Serve answers what comes over ln until [API.Shutdown], which makes it return
// nil. Whoever can connect to a local listener is trusted. ln is closed.
func (a *API) Serve(ln net.Listener, local bool) error {
	server := &http.Server{
		Handler:           handler{api: a, local: local},
		ReadHeaderTimeout: headerTimeout, // bodies and answers have deadlines of their own
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	if !a.begin(server) {
		return ln.Close()
	}
	err := server.Serve(netutil.LimitListener(ln, maxConnections))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// begin takes a server into those that Shutdown ends, if it has not been yet.
func (a *API) begin(server *http.Server) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ending.Err() != nil {
		return false
	}
	a.servers = append(a.servers, server)
	return true
}

// Shutdown accepts nothing more, ends the logs that are watched and waits for
// the other requests. When ctx ends it cuts them off.
func (a *API) Shutdown(ctx context.Context) error {
	a.mu.Lock()
	a.end()
	servers := slices.Clone(a.servers)
	a.mu.Unlock()
	errs := make([]error, len(servers))
	var ending sync.WaitGroup
	for i, server := range servers {
		ending.Go(func() {
			if errs[i] = server.Shutdown(ctx); errs[i] != nil {
				server.Close()
			}
		})
	}
	ending.Wait()
	return errors.Join(errs...)
}
