package gateway_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// Connections of every kind come and go while versions are swapped and routes
// and limits changed: whoever waits for an answer gets it, whole, and in the
// end nothing is left of them.
func TestConnectionStorm(t *testing.T) {
	seed, lasts := storm(t)
	library := buildC(t, stormInC)
	versions := make([]string, 8)
	for n := range versions {
		versions[n] = patched(t, library, marker, fmt.Sprintf("version-%04d", n+1))
	}
	serve := func(r *rand.Rand) gateway.Snapshot {
		e := stormEndpoint(versions[r.IntN(len(versions))], gateway.Limits{
			Timeout: 10 * time.Second, MaxConcurrency: 1000 + r.IntN(1000), MaxNative: 64 + r.IntN(64),
		})
		e.Config = map[string]string{"n": strconv.Itoa(r.IntN(3))}
		comesAndGoes := e
		comesAndGoes.Name, comesAndGoes.Path = "other", "/other"
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{e, comesAndGoes}[:1+r.IntN(2)]}
	}
	applying := choices(seed, 0)
	g, address := start(t, gateway.Options{}, serve(applying))
	get(t, address, "/echo/0/x") // what is started once, is now
	before := holds(t, g)
	end := time.Now().Add(lasts)
	total := counts{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range 32 {
		all.Go(func() {
			c := &stormClient{address: address, random: choices(seed, n+1), name: strconv.Itoa(n)}
			for time.Now().Before(end) && !t.Failed() {
				kind := connections[c.random.IntN(len(connections))]
				err := c.run(kind.serve)
				if err != nil {
					t.Errorf("%s: %v", kind.name, err)
				}
				mu.Lock()
				total[kind.name]++
				mu.Unlock()
			}
		})
	}
	swaps := 0
	for ; time.Now().Before(end) && !t.Failed(); swaps++ {
		if err := g.Apply(t.Context(), serve(applying)); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	fmt.Printf("storm: %d snapshots; %v\n", swaps, total)
	for _, kind := range connections {
		if total[kind.name] < int(lasts.Seconds()) {
			t.Errorf("only %d connections were %s", total[kind.name], kind.name)
		}
	}
	last := gateway.Snapshot{Endpoints: []gateway.Endpoint{stormEndpoint(versions[0], gateway.Limits{})}}
	if err := g.Apply(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	calm(t, g, before)
}

// stormClient makes connections, one after the other.
type stormClient struct {
	address string
	random  *rand.Rand
	name    string
	sent    int
	conn    *net.TCPConn
}

func (c *stormClient) run(serve func(*stormClient) error) error {
	// Addresses of their own: one has too few ports for what comes here.
	from := &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+c.random.IntN(200)), 1)}
	conn, err := (&net.Dialer{LocalAddr: from, Timeout: 30 * time.Second}).Dial("tcp", c.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	c.conn = conn.(*net.TCPConn)
	return errors.Join(conn.SetDeadline(time.Now().Add(30*time.Second)), serve(c))
}

// write sends a part of a request, or all of it.
func (c *stormClient) write(text string) error {
	_, err := io.WriteString(c.conn, text)
	return err
}

// next is a request and the id that its answer has to have.
func (c *stormClient) next(mode string, n int) (text, id string) {
	c.sent++
	id = c.name + "-" + strconv.Itoa(c.sent)
	return request(mode, n, id), id
}

func wants(in *rawclient.Conn, body string) error {
	r, err := in.ReadResponse("GET")
	if err == nil && (r.Status != 200 || string(r.Body) != body) {
		err = fmt.Errorf("answered %d %.40q, want %.40q", r.Status, r.Body, body)
	}
	return err
}

// connections are the kinds. Where one gives up in the middle, what the server
// makes of it is seen in what is left afterwards.
var connections = []struct {
	name  string
	serve func(*stormClient) error
}{
	{"short", func(c *stormClient) error {
		text, id := c.next("echo", 0)
		return errors.Join(c.write(text), wants(rawclient.NewConn(c.conn), id))
	}},
	{"kept", func(c *stormClient) error {
		in := rawclient.NewConn(c.conn)
		for range 1 + c.random.IntN(20) {
			text, id := c.next([]string{"echo", "await", "native"}[c.random.IntN(3)], c.random.IntN(2000))
			if err := errors.Join(c.write(text), wants(in, id)); err != nil {
				return err
			}
		}
		return nil
	}},
	{"pipelined", func(c *stormClient) error {
		in := rawclient.NewConn(c.conn)
		first, one := c.next("echo", 0)
		second, two := c.next("await", c.random.IntN(2000))
		third, three := c.next("native", c.random.IntN(500))
		return errors.Join(c.write(first+second+third), wants(in, one), wants(in, two), wants(in, three))
	}},
	{"half-closed", func(c *stormClient) error {
		text, id := c.next("await", c.random.IntN(2000))
		in := rawclient.NewConn(c.conn)
		return errors.Join(c.write(text), c.conn.CloseWrite(), wants(in, id), in.AtEnd())
	}},
	{"posting", func(c *stormClient) error {
		n := c.random.IntN(200_000)
		head := fmt.Sprintf("POST /length/0/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", n)
		return errors.Join(c.write(head), c.write(string(make([]byte, n))), wants(rawclient.NewConn(c.conn), strconv.Itoa(n)))
	}},
	{"reading slowly", func(c *stormClient) error {
		text, _ := c.next("big", 1<<20)
		if err := errors.Join(c.conn.SetReadBuffer(64<<10), c.write(text)); err != nil {
			return err
		}
		size := 0
		for part := make([]byte, 16<<10); size < 1<<20; time.Sleep(time.Duration(c.random.IntN(500)) * time.Microsecond) {
			n, err := c.conn.Read(part)
			if size += n; err != nil {
				return fmt.Errorf("after %d bytes: %w", size, err)
			}
		}
		return nil
	}},
	{"leaving while it reads", func(c *stormClient) error {
		text, _ := c.next("big", 1<<20)
		part := make([]byte, 1+c.random.IntN(100_000))
		if err := c.write(text); err != nil {
			return err
		}
		_, err := io.ReadFull(c.conn, part)
		return errors.Join(err, c.conn.SetLinger(0))
	}},
	{"leaving without its answer", func(c *stormClient) error {
		text, _ := c.next([]string{"echo", "await", "native"}[c.random.IntN(3)], c.random.IntN(20_000))
		return errors.Join(c.conn.SetLinger(c.random.IntN(2)-1), c.write(text))
	}},
	{"leaving in its request", func(c *stormClient) error {
		text, _ := c.next("echo", 0)
		return errors.Join(c.conn.SetLinger(c.random.IntN(2)-1), c.write(text[:c.random.IntN(len(text)-1)]))
	}},
	{"leaving in its body", func(c *stormClient) error {
		return errors.Join(c.conn.SetLinger(c.random.IntN(2)-1),
			c.write("POST /length/0/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), c.write(string(make([]byte, c.random.IntN(100_000)))))
	}},
}
