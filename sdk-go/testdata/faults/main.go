// Faults answers in every way that a handler may, by path.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() {
	edge.Register(edge.Library{
		Name:     "faulty",
		Version:  "1.2",
		Handler:  answer,
		Init:     start,
		Shutdown: func(i *edge.Instance) { i.Log(edge.LevelInfo, "bye from "+i.Endpoint) },
	})
}

func main() {}

func start(i *edge.Instance) error {
	switch i.Config.Get("start") {
	case "error":
		return fmt.Errorf("no database: %w", edge.ErrUnavailable)
	case "panic":
		panic("start panicked")
	}
	return i.Sleep(time.Millisecond)
}

func answer(r *edge.Request) (*edge.Response, error) {
	switch r.Path {
	case "/panic":
		panic("secret " + r.Query)
	case "/nil":
		var none *edge.Response
		none.Status = 1
	case "/error":
		return nil, errors.New("broken " + strings.Repeat("x", 10_000))
	case "/status":
		return nil, fmt.Errorf("ask the backend: %w", edge.ErrOverloaded)
	case "/nothing":
		return nil, nil
	case "/zero":
		return &edge.Response{}, nil
	case "/empty":
		return &edge.Response{Status: 201, Headers: edge.Fields{{Name: "x-empty"}}, Body: []byte{}}, nil
	case "/big":
		return edge.Bytes(200, "application/octet-stream", bytes.Repeat([]byte("ab"), 1<<19)), nil
	case "/cookies":
		answer := edge.Text(204, "")
		answer.Add("set-cookie", "a=1")
		answer.Add("set-cookie", "b=2")
		return answer, nil
	case "/config":
		value, found := r.Config(r.Query)
		r.Log(edge.LevelWarn, "")
		return edge.Text(200, fmt.Sprintf("%q %v", value, found)), nil
	case "/fields":
		return edge.Text(200, fmt.Sprintf("%+v %d %d", [...]any{r.Method, r.Scheme, r.Host, r.Path, r.Query, r.Peer, r.ID, r.Headers, r.Params, r.Body},
			r.Received.UnixNano(), r.Deadline.UnixNano())), nil
	case "/garbage":
		return garbage()
	}
	return edge.Text(404, r.Path), nil
}

// garbage answers with addresses of memory that this runtime has given up, and
// always the same ones.
func garbage() (*edge.Response, error) {
	go runtime.GC()
	return edge.Bytes(200, "application/octet-stream", givenUp()), nil
}

// Those that are used again last come first.
var givenUp = sync.OnceValue(func() []byte {
	const count = 256
	addresses := make([]byte, 8*count)
	for i := range count {
		memory := unsafe.Pointer(unsafe.SliceData(make([]byte, 1<<17)))
		binary.NativeEndian.PutUint64(addresses[8*(count-1-i):], uint64(uintptr(memory)))
	}
	runtime.GC()
	return addresses
})
