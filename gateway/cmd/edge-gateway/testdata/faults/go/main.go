// Faults ends its process in the way that the path names, or tries to: /panic,
// or with /thread before it on a goroutine of its own, while the request waits.
// /wait never answers.
package main

import (
	"errors"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(answer) }

func main() {}

func answer(r *edge.Request) (*edge.Response, error) {
	kind := r.Path[strings.LastIndexByte(r.Path, '/')+1:]
	if kind == "wait" {
		r.Log(edge.LevelInfo, "it waits")
		select {}
	}
	if strings.Contains(r.Path, "/thread/") {
		done := make(chan struct{})
		go func() {
			if kind == "goexit" {
				defer close(done)
				runtime.Goexit()
			}
			fault(kind)
			close(done)
		}()
		<-done
	} else {
		fault(kind)
	}
	return edge.Text(200, "alive"), nil
}

var (
	zero    int
	table   map[string]int
	nowhere = uintptr(0x123450)
)

//go:noinline
func fault(kind string) {
	switch kind {
	case "segv": // at an address that no Go program has
		*(*int)(unsafe.Pointer(nowhere)) = 1
	case "stack":
		debug.SetMaxStack(1 << 20)
		deeper(0)
	case "exit":
		os.Exit(3)
	case "fatal":
		log.Fatal("it is over")
	case "panic":
		panic("a secret of Go")
	case "error":
		panic(errors.New("a secret of Go"))
	case "nil":
		var none *edge.Request
		none.Path = "a secret of Go"
	case "map":
		table["a secret of Go"] = 1
	case "divide":
		zero = 1 / zero
	case "deferred":
		defer func() { panic("a secret of Go") }()
	case "again": // while the first one unwinds
		defer func() { panic("a secret of Go") }()
		panic("the first")
	case "goexit":
		runtime.Goexit()
	}
}

//go:noinline
func deeper(n int) int {
	var room [128]int
	room[n%128] = n
	return deeper(n+1) + room[(n+1)%128]
}
