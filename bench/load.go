package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// load is what a load generator found.
type load struct {
	Seconds       float64
	P50, P90, P99 time.Duration
}

// offer runs the load generator as a process of its own.
func offer(t *target, requests, conns int) (l load, err error) {
	self, err := os.Executable()
	if err != nil {
		return l, err
	}
	cmd := exec.Command(self, roleLoad, t.server.address, t.path, t.want, strconv.Itoa(requests), strconv.Itoa(conns))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return l, fmt.Errorf("load on %s: %w", t.name, err)
	}
	return l, json.Unmarshal(out, &l)
}

// generateLoad sends requests over kept connections, each the next when it has
// the answer. An answer that is not as expected is an error.
func generateLoad(args []string) error {
	if len(args) != 5 {
		return errors.New("role-load is started by bench itself")
	}
	address, path, want := args[0], args[1], args[2]
	requests, err1 := strconv.Atoi(args[3])
	conns, err2 := strconv.Atoi(args[4])
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	latencies := make([][]time.Duration, conns)
	failures := make([]error, conns)
	var all sync.WaitGroup
	begin := time.Now()
	for c := range conns {
		all.Go(func() { latencies[c], failures[c] = closedLoop(address, path, want, requests/conns) })
	}
	all.Wait()
	took := time.Since(begin)
	if err := errors.Join(failures...); err != nil {
		return err
	}
	sorted := slices.Concat(latencies...)
	slices.Sort(sorted)
	at := func(p int) time.Duration { return sorted[min(len(sorted)-1, len(sorted)*p/100)] }
	return json.NewEncoder(os.Stdout).Encode(load{Seconds: took.Seconds(), P50: at(50), P90: at(90), P99: at(99)})
}

func closedLoop(address, path, want string, n int) ([]time.Duration, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	from := bufio.NewReader(c)
	line := numbered("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	answer := numbered(want)
	body := make([]byte, 0, len(want)+64)
	latencies := make([]time.Duration, 0, n)
	for range n {
		item := 1 + rand.IntN(items)
		line, want := line(item), answer(item)
		body = body[:len(want)]
		begin := time.Now()
		if _, err := c.Write(line); err != nil {
			return nil, err
		}
		first := true
		for {
			head, err := from.ReadSlice('\n')
			if err != nil {
				return nil, err
			}
			if first && !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
				return nil, fmt.Errorf("%s answered %q", path, head)
			}
			first = false
			if len(head) == 2 {
				break
			}
		}
		if _, err := io.ReadFull(from, body); err != nil {
			return nil, err
		}
		if !bytes.Equal(body, want) {
			return nil, fmt.Errorf("%s answered %q", path, body)
		}
		latencies = append(latencies, time.Since(begin))
	}
	return latencies, nil
}

// numbered makes of a text one with a number in place of each "{n}", valid until
// the next one.
func numbered(text string) func(n int) []byte {
	parts := strings.Split(text, "{n}")
	var made []byte
	return func(n int) []byte {
		made = append(made[:0], parts[0]...)
		for _, part := range parts[1:] {
			made = append(strconv.AppendInt(made, int64(n), 10), part...)
		}
		return made
	}
}
