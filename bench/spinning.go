package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// spinFor is longer than a round takes.
const spinFor = 12 * time.Second

// measureSpinning compares the latency of an endpoint before and while another
// has used up its stuck calls: after 1,000 requests to it, all of which spin.
func measureSpinning(out io.Writer, f *fleet, o options) error {
	gateway, err := f.gateway(
		endpoint{path: "/static", source: "bench/handlers/static"},
		endpoint{path: "/spin/{seconds}", source: "bench/handlers/spin", timeout: 100 * time.Millisecond},
	)
	if err != nil {
		return err
	}
	other := &target{name: "c-static", path: "/static", want: "Hello, world!", server: gateway}
	if _, err := offer(other, max(o.requests/4, o.conns), o.conns); err != nil { // not counted
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "round\tp50 before us\tp50 beside us\tp99 before us\tp99 beside us\tratio of p99\t504\t503\tall answered after\t")
	var ratios []float64
	for round := range o.rounds {
		before, err := offer(other, o.requests, o.conns)
		if err != nil {
			return err
		}
		begin := time.Now()
		statuses, err := spin(other.server.address, 1000)
		if err != nil {
			return err
		}
		took := time.Since(begin)
		beside, err := offer(other, o.requests, o.conns)
		if err != nil {
			return err
		}
		if time.Since(begin) > spinFor {
			return errors.New("the calls returned before the end of the round; give fewer -requests")
		}
		if err := recovered(other.server.address); err != nil {
			return err
		}
		ratio := float64(beside.P99) / float64(before.P99)
		ratios = append(ratios, ratio)
		us := func(d time.Duration) int64 { return d.Microseconds() }
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%.2f\t%d\t%d\t%v\t\n", round+1, us(before.P50), us(beside.P50),
			us(before.P99), us(beside.P99), ratio, statuses["504"], statuses["503"], took.Round(time.Millisecond))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	slices.Sort(ratios)
	_, err = fmt.Fprintf(out, "\nmedian ratio of p99: %.2f (%.2f to %.2f); %d requests to c-static over %d connections each time\n",
		ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], o.requests, o.conns)
	return err
}

// spin sends n requests that spin, at once, and counts their answers by status.
func spin(address string, n int) (map[string]int, error) {
	statuses := map[string]int{}
	var failures []error
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			status, err := askOnce(address, "/spin/"+strconv.Itoa(int(spinFor.Seconds())))
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
			if err != nil {
				failures = append(failures, err)
			}
		})
	}
	all.Wait()
	return statuses, errors.Join(failures...)
}

// recovered waits until the stuck calls have returned.
func recovered(address string) error {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if status, err := askOnce(address, "/spin/0"); err != nil || status == "200" {
			return err
		}
	}
	return errors.New("the calls never returned")
}

// askOnce sends a request on a connection of its own and returns the status.
func askOnce(address, path string) (string, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return strings.Fields(line + " ? ?")[1], nil
}
