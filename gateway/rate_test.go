package gateway_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

func TestRequestsOverTheRateGet429(t *testing.T) {
	limited, free := function("limited", "/limited", same), function("free", "/free", same)
	limited.Limits = gateway.Limits{Rate: 0.5, Burst: 3, MaxConcurrency: 1}
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{limited, free}})
	began := time.Now()
	count := map[int]int{}
	for range 20 {
		r := ask(t, address, "GET /limited HTTP/1.1\r\nHost: a\r\n\r\n")
		count[r.Status]++
		if r.Status != 429 {
			continue
		}
		if n, err := strconv.Atoi(r.Header("Retry-After")); err != nil || n < 1 || n > 2 || r.Close {
			t.Errorf("%q, close %v: want Retry-After, and the connection kept", r.Headers, r.Close)
		}
	}
	if most := 3 + int(time.Since(began)/(2*time.Second)) + 1; count[200] < 3 || count[200] > most || count[200]+count[429] != 20 {
		t.Errorf("%v", count)
	}
	if r := ask(t, address, "GET /free HTTP/1.1\r\nHost: a\r\n\r\n"); r.Status != 200 {
		t.Errorf("another endpoint answers %d", r.Status)
	}
	for _, e := range g.Report().Endpoints {
		if e.Name == "limited" && e.Refused[429] != uint64(count[429]) || e.Name == "free" && len(e.Refused) != 0 {
			t.Errorf("%+v", e)
		}
	}
	// By default what comes in a second may come at once.
	limited.Limits = gateway.Limits{Rate: 4.5}
	if err := g.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{limited}}); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	in := 0
	for range 20 {
		if ask(t, address, "GET /limited HTTP/1.1\r\nHost: a\r\n\r\n").Status == 200 {
			in++
		}
	}
	if most := 5 + int(time.Since(began).Seconds()*4.5) + 1; in < 5 || in > most {
		t.Errorf("%d are let in, want 5 to %d", in, most)
	}
}

func TestARateThatMakesNoSenseIsRefused(t *testing.T) {
	for _, l := range []gateway.Limits{{Rate: -1}, {Rate: 1e-9}, {Rate: 1e9}, {Burst: 3}, {Rate: 1, Burst: -1}, {Rate: 1, Burst: 1e7}} {
		t.Run(fmt.Sprint(l), func(t *testing.T) {
			g, _ := start(t, gateway.Options{}, gateway.Snapshot{})
			one := function("one", "/", same)
			one.Limits = l
			if err := g.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{one}}); err == nil {
				t.Error("it is taken")
			}
		})
	}
}
