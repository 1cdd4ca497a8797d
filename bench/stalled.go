package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// What a service with a stalled backend can take, and ten times as many
// clients, each of which asks again a tenth of a second after its answer:
// sooner than the Retry-After of a 503 says.
const (
	stalledWorkers = 4
	stalledMailbox = 16
	stalledClients = 10 * (stalledWorkers + stalledMailbox)
	stalledThink   = 100 * time.Millisecond
	stalledTimeout = 500 * time.Millisecond
)

// measureStalled compares the latency of an endpoint before and while another
// is flooded over a database that hangs.
func measureStalled(out io.Writer, f *fleet, o options) error {
	database, err := f.postgres()
	if err != nil {
		return err
	}
	path, address, err := f.stallable(database)
	if err != nil {
		return err
	}
	lines := fmt.Sprintf("driver = \"postgres\"\nurl = %q\nworkers = %d\nmailbox = %d\n", address, stalledWorkers, stalledMailbox)
	gateway, err := f.gateway(
		endpoint{path: "/static", source: "bench/handlers/static"},
		endpoint{path: "/item/{id}", source: "bench/handlers/item", timeout: stalledTimeout, service: &service{kind: "sql", lines: lines, binding: "db"}},
	)
	if err != nil {
		return err
	}
	other := &target{name: "c-static", path: "/static", want: "Hello, world!", server: gateway}
	if _, err := offer(other, max(o.requests/4, o.conns), o.conns); err != nil { // not counted
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "round\tp50 before us\tp50 beside us\tp99 before us\tp99 beside us\tratio of p50\tratio of p99\t504\t503\tlongest ms\tMiB at first\tMiB at last\t")
	var medians, tails []float64
	for round := range o.rounds {
		before, err := offer(other, o.requests, o.conns)
		if err != nil {
			return err
		}
		path.hang(true)
		flood := startFlood("http://" + other.server.address + "/item/1")
		time.Sleep(2 * stalledTimeout) // the mailbox is full, the first deadlines are over
		first := resident(gateway.pids)
		beside, err := offer(other, o.requests, o.conns)
		last := resident(gateway.pids)
		if err = errors.Join(err, flood.stop()); err != nil {
			return err
		}
		path.hang(false)
		if err := answers(other.server.address, "/item/1"); err != nil {
			return err
		}
		medians = append(medians, float64(beside.P50)/float64(before.P50))
		tails = append(tails, float64(beside.P99)/float64(before.P99))
		us := func(d time.Duration) int64 { return d.Microseconds() }
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%.2f\t%.2f\t%d\t%d\t%d\t%.1f\t%.1f\t\n", round+1, us(before.P50), us(beside.P50), us(before.P99), us(beside.P99),
			medians[round], tails[round], flood.statuses[504], flood.statuses[503], flood.longest.Milliseconds(), first, last)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	slices.Sort(medians)
	slices.Sort(tails)
	middle := len(tails) / 2
	_, err = fmt.Fprintf(out, "\nmedian ratio of p50: %.2f (%.2f to %.2f), of p99: %.2f (%.2f to %.2f); %d requests to c-static over %d connections each time, beside %d clients of the other\n",
		medians[middle], medians[0], medians[len(medians)-1], tails[middle], tails[0], tails[len(tails)-1], o.requests, o.conns, stalledClients)
	return err
}

// flood is clients that ask for something again and again.
type flood struct {
	end    context.CancelFunc
	client *http.Client
	all    sync.WaitGroup

	mu       sync.Mutex
	statuses map[int]int
	longest  time.Duration
	failures []error
}

func startFlood(target string) *flood {
	ctx, end := context.WithCancel(context.Background())
	f := &flood{end: end, statuses: map[int]int{}}
	f.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: stalledClients}, Timeout: 10 * time.Second}
	for range stalledClients {
		f.all.Go(func() {
			for ctx.Err() == nil {
				f.ask(target)
				select {
				case <-ctx.Done():
				case <-time.After(stalledThink):
				}
			}
		})
	}
	return f
}

func (f *flood) ask(target string) {
	begin := time.Now()
	answer, err := f.client.Get(target)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	took := time.Since(begin)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failures = append(f.failures, err)
		return
	}
	f.statuses[answer.StatusCode]++
	f.longest = max(f.longest, took)
}

// stop ends the flood once every request of it has its answer.
func (f *flood) stop() error {
	f.end()
	f.all.Wait()
	f.client.CloseIdleConnections() // or each round would leave its connections open
	return errors.Join(f.failures...)
}

// answers waits until a path answers 200 again.
func answers(address, path string) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if status, err := askOnce(address, path); err != nil || status == "200" {
			return err
		}
	}
	return fmt.Errorf("%s never answered again", path)
}

// resident is the memory of processes, in MiB.
func resident(pids []int) (mib float64) {
	for _, pid := range pids {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			pages, _ := strconv.ParseFloat(fields[1], 64)
			mib += pages * float64(os.Getpagesize()) / (1 << 20)
		}
	}
	return mib
}

// stallable puts a way that can be made to hang in front of a database, and
// returns the URL that leads over it.
func (f *fleet) stallable(database string) (*way, string, error) {
	at, err := url.Parse(database)
	if err != nil {
		return nil, "", err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	w := &way{to: at.Host}
	w.open = sync.NewCond(&w.mu)
	f.ends = append(f.ends, func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	at.Host = ln.Addr().String()
	return w, at.String(), nil
}

// way carries bytes to and fro, unless it hangs.
type way struct {
	to   string
	mu   sync.Mutex
	hung bool
	open *sync.Cond
}

func (w *way) hang(hung bool) {
	w.mu.Lock()
	w.hung = hung
	w.mu.Unlock()
	w.open.Broadcast()
}

func (w *way) carry(c net.Conn) {
	defer c.Close()
	server, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { w.copy(server, c); _ = server.Close() }()
	w.copy(c, server)
}

func (w *way) copy(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		w.mu.Lock()
		for w.hung {
			w.open.Wait()
		}
		w.mu.Unlock()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
