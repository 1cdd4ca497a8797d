package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"

	"github.com/valyala/fasthttp"
)

// request and response are the lines between a v1 server and its handler.
type request struct {
	ID      uint64            `json:"id"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body,omitempty"`
}

type response struct {
	ID      uint64            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

// serveV1 is the older way: one process per handler, started once, spoken to
// in lines of JSON over its pipes. Requests are numbered, so many are under way
// at a time, and each message is flushed.
func serveV1() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, roleHandler)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	var mu sync.Mutex
	var last uint64
	waiting := map[uint64]chan response{}
	to := bufio.NewWriter(in)
	encoder := json.NewEncoder(to)
	go func() {
		decoder := json.NewDecoder(bufio.NewReader(out))
		for {
			var r response
			if decoder.Decode(&r) != nil {
				return
			}
			mu.Lock()
			answer := waiting[r.ID]
			delete(waiting, r.ID)
			mu.Unlock()
			answer <- r
		}
	}()
	ln, err := listenAndSay()
	if err != nil {
		return err
	}
	s := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) {
		q := request{Method: string(ctx.Method()), Path: string(ctx.Path()), Headers: map[string]string{}, Body: ctx.PostBody()}
		for name, value := range ctx.Request.Header.All() {
			q.Headers[string(name)] = string(value)
		}
		answer := make(chan response, 1)
		mu.Lock()
		last++
		q.ID = last
		waiting[q.ID] = answer
		err := encoder.Encode(&q)
		if err == nil {
			err = to.Flush()
		}
		mu.Unlock()
		if err != nil {
			ctx.SetStatusCode(502)
			return
		}
		r := <-answer
		ctx.SetStatusCode(r.Status)
		for name, value := range r.Headers {
			ctx.Response.Header.Set(name, value)
		}
		ctx.SetBody(r.Body)
	}}
	return s.Serve(ln)
}

// handleLines is the handler process of v1. It ends with its input.
func handleLines(in io.Reader, out io.Writer) error {
	decoder, to := json.NewDecoder(bufio.NewReader(in)), bufio.NewWriter(out)
	encoder := json.NewEncoder(to)
	for {
		var q request
		if err := decoder.Decode(&q); err != nil {
			return nil
		}
		r := response{ID: q.ID, Status: 200, Headers: map[string]string{"content-type": "text/plain; charset=utf-8"}, Body: []byte("Hello, world!")}
		if err := encoder.Encode(&r); err != nil {
			return err
		}
		if err := to.Flush(); err != nil {
			return err
		}
	}
}
