package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// workerLog is what the gateway's log tells of its workers.
type workerLog struct {
	mu       sync.Mutex
	serving  int // process id
	again    int // after the end of one that nobody had ordered
	replaced int
}

// hear reads a line of the gateway's log.
func (s *soak) hear(line string) {
	var one struct {
		Level, Msg string
		Pid        int
	}
	if json.Unmarshal([]byte(line), &one) != nil {
		return
	}
	if _, rest, _ := strings.Cut(line, `"level":`); one.Level == "WARN" || one.Level == "ERROR" {
		s.say("%.300s", rest)
	}
	s.workers.mu.Lock()
	defer s.workers.mu.Unlock()
	switch {
	case strings.HasPrefix(one.Msg, "a worker process was started"):
	case strings.HasPrefix(one.Msg, "a worker process serves again"):
		s.workers.again++
	case strings.HasPrefix(one.Msg, "a new worker process serves"), strings.HasSuffix(one.Msg, ", and was replaced"):
		s.workers.replaced++
	default:
		return
	}
	s.workers.serving = one.Pid
}

// worker is the one that serves.
func (s *soak) worker() (int, error) {
	s.workers.mu.Lock()
	defer s.workers.mu.Unlock()
	if s.workers.serving == 0 {
		return 0, errors.New("the log of the gateway tells of no worker")
	}
	return s.workers.serving, nil
}

// gone waits for the end of a worker in whose place there is another one.
func (s *soak) gone(pid int) error {
	for deadline := time.Now().Add(backWithin); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		children, err := withChildren(s.gateway.cmd.Process.Pid)
		if now, _ := s.worker(); err == nil && now != pid && !slices.Contains(children[1:], pid) {
			return nil
		}
	}
	return fmt.Errorf("worker %d has not ended, or there is none in its place", pid)
}
