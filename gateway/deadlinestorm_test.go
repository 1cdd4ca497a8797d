package gateway_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// Handlers return around their deadlines, from native code and from waits, one
// by one and pipelined: each request gets exactly one whole answer, its own.
func TestDeadlineStorm(t *testing.T) {
	seed, lasts := storm(t)
	const timeout = 30 * time.Millisecond
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		stormEndpoint(buildC(t, stormInC), gateway.Limits{Timeout: timeout, MaxStuck: 64}),
	}})
	get(t, address, "/echo/0/x") // what is started once, is now
	before := holds(t, g)
	end := time.Now().Add(lasts)
	var mu sync.Mutex
	total := counts{}
	var clients sync.WaitGroup
	for n := range 32 {
		clients.Go(func() {
			c := deadlineClient{address: address, random: choices(seed, n), name: strconv.Itoa(n), seen: counts{}}
			for time.Now().Before(end) && !t.Failed() {
				if err := c.connection(timeout); err != nil {
					t.Error(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for what, n := range c.seen {
				total[what] += n
			}
		})
	}
	clients.Wait()
	fmt.Println("storm:", total)
	if few := int(20 * lasts.Seconds()); total["answers 200"] < few || total["answers 504"] < few {
		t.Errorf("it did not come near enough to the deadline: %v", total)
	}
	calm(t, g, before)
}

type deadlineClient struct {
	address string
	random  *rand.Rand
	name    string
	sent    int
	seen    counts
}

// connection sends requests over one connection until an answer ends it.
func (c *deadlineClient) connection(timeout time.Duration) error {
	conn, err := rawclient.Dial(c.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	for range 20 {
		var ids []string
		var text strings.Builder
		for range 1 + c.random.IntN(3) {
			mode := []string{"native", "native", "await", "spin"}[c.random.IntN(4)]
			around := timeout + time.Duration(c.random.NormFloat64()*float64(3*time.Millisecond))
			c.sent++
			ids = append(ids, c.name+"-"+strconv.Itoa(c.sent))
			text.WriteString(request(mode, int(max(0, around.Microseconds())), ids[len(ids)-1]))
		}
		if err := conn.Write([]byte(text.String())); err != nil {
			return err
		}
		for _, id := range ids {
			r, err := conn.ReadResponse("GET")
			if err != nil {
				return fmt.Errorf("request %s of %d: %w", id, len(ids), err)
			}
			switch {
			case r.Status == 200 && string(r.Body) == id:
			case r.Status == 504, r.Status == 503:
			default:
				return fmt.Errorf("request %s is answered %d %q", id, r.Status, r.Body)
			}
			c.seen["answers "+strconv.Itoa(r.Status)]++
			if r.Close {
				return conn.AtEnd()
			}
		}
	}
	return nil
}
