package servertest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes TCP connections on to a server, and can make their life hard.
type Proxy struct {
	Address string

	target string
	ln     net.Listener
	served sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	delay time.Duration
	most  int
	total int
	moved int64
}

// NewProxy starts a proxy to a server; the test's end stops it.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Address: ln.Addr().String(), target: target, ln: ln, conns: map[net.Conn]struct{}{}}
	p.served.Go(p.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		p.Cut()
		p.served.Wait()
	})
	return p
}

// Cut breaks every connection that is open now.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// Delay holds every piece of data back for a while.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	p.delay = d
	p.mu.Unlock()
}

// Connections tells how many client connections are open, how many were at
// most, and how many there have been.
func (p *Proxy) Connections() (open, most, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns) / 2, p.most, p.total
}

// Moved tells how many bytes have been passed on, in both directions.
func (p *Proxy) Moved() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.moved
}

func (p *Proxy) accept() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = struct{}{}, struct{}{}
		p.total++
		p.most = max(p.most, len(p.conns)/2)
		p.mu.Unlock()
		var both sync.WaitGroup
		both.Go(func() { p.copy(server, client) })
		both.Go(func() { p.copy(client, server) })
		p.served.Go(func() {
			both.Wait()
			p.mu.Lock()
			delete(p.conns, client)
			delete(p.conns, server)
			p.mu.Unlock()
		})
	}
}

func (p *Proxy) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.mu.Lock()
			delay := p.delay
			p.moved += int64(n)
			p.mu.Unlock()
			if delay > 0 {
				time.Sleep(delay) // the fault that is asked for, no synchronisation
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
