package trial

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

const (
	logLines = 100 // kept
	// stray is how long after the end of a child a process that it started, and
	// that left its group, is listened to.
	stray = 200 * time.Millisecond
)

// process is a child, as its parent sees it. It belongs to one goroutine.
type process struct {
	request Request
	dir     string // throw-away
	cmd     *exec.Cmd
	group   *group
	began   time.Time

	orders  *os.File    // write end; while it is open, the child goes on
	told    *os.File    // read end
	printed *os.File    // read end
	events  chan event  // closed when no more come
	exited  chan error  // of cmd.Wait
	output  chan string // once, when no more comes

	result  Result
	last    event // the last one, if it came
	overdue bool
}

// remove gives back what a child that has ended had.
func (p *process) remove() {
	p.group.close()
	for _, f := range []*os.File{p.orders, p.told, p.printed} {
		_ = f.Close()
	}
	_ = os.RemoveAll(p.dir)
}

// start starts a child.
func start(r Request) (p *process, err error) {
	if !ready {
		return nil, errors.New("the program has not called trial.Main")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r.Library, err = filepath.Abs(r.Library)
	if err != nil {
		return nil, err
	}
	p = &process{request: r, events: make(chan event), exited: make(chan error, 1), output: make(chan string, 1)}
	if p.dir, err = os.MkdirTemp(r.Dir, "trial-*"); err == nil {
		p.dir, err = filepath.Abs(p.dir)
	}
	if err != nil {
		return nil, err
	}
	work := filepath.Join(p.dir, "work")
	var files []*os.File // ends of pipes
	pipe := func() (read, write *os.File) {
		if err == nil {
			read, write, err = os.Pipe()
			files = append(files, read, write)
		}
		return read, write
	}
	defer func() {
		if err != nil {
			for _, f := range files {
				_ = f.Close()
			}
			_ = os.RemoveAll(p.dir)
		}
	}()
	if err = os.Mkdir(work, 0o700); err != nil {
		return nil, err
	}
	p.cmd = &exec.Cmd{Path: self, Args: []string{self}, Dir: work, Env: environment(work)}
	var in, out, both *os.File
	in, p.orders = pipe()
	p.told, out = pipe()
	p.printed, both = pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, both
	if p.group, err = newGroup(p.cmd); err != nil {
		return nil, err
	}
	p.began = time.Now()
	if err = p.cmd.Start(); err != nil {
		p.group.close()
		return nil, err
	}
	p.group.started()
	for _, f := range []*os.File{in, out, both} {
		_ = f.Close()
	}
	go func() { p.exited <- p.cmd.Wait() }()
	go readEvents(p.told, p.events)
	go func() { p.output <- readTail(p.printed) }()
	go func() { _ = json.NewEncoder(p.orders).Encode(r) }() // fails if the child is gone: that is seen elsewhere
	return p, nil
}

// follow goes with the child to its end.
func (p *process) follow(ctx context.Context) {
	limit := time.NewTimer(p.request.Limit - time.Since(p.began))
	defer limit.Stop()
	events := p.events
	for running := true; running; {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil // it goes on without telling: until it exits, or its time is up
				break
			}
			p.note(e)
			running = !e.last()
		case err := <-p.exited:
			p.exited <- err
			running = false
		case <-limit.C:
			p.overdue = true
			running = false
		case <-ctx.Done():
			running = false
		}
	}
	_ = p.group.kill()
	<-p.exited
	until := time.Now().Add(stray)
	_ = p.told.SetReadDeadline(until)
	_ = p.printed.SetReadDeadline(until)
	for e := range p.events {
		p.note(e)
	}
	p.result.Output = <-p.output
	p.result.Took = time.Since(p.began)
}

func (p *process) note(e event) {
	switch {
	case p.last.last(): // and what follows is none of the child's
	case e.last():
		p.last = e
	case e.Phase != "":
		p.result.phase = e.Phase
	case e.Answer != nil:
		p.result.Answer = e.Answer
	case e.Log != nil:
		p.result.Log = append(p.result.Log, *e.Log)
		if len(p.result.Log) == 2*logLines {
			p.result.Log = append([]model.LogLine(nil), p.result.Log[logLines:]...)
		}
	}
}
