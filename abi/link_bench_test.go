//go:build linux

package abi

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a call costs that goes to another process and back, and what both of them
// have of the processor's time for it.
func BenchmarkLinkedCall(b *testing.B) {
	for _, c := range []struct {
		name     string
		parallel int
	}{{"alone", 0}, {"in flight 4", 2}, {"in flight 64", 32}} {
		b.Run(c.name, func(b *testing.B) {
			l := startLinked(b)
			call := func() {
				f := l.request("/hello", time.Minute, nil)
				if got, err := l.remote.Enter(f); got != Pending || err != nil {
					b.Error(got, err)
				}
				f.Park()
				<-f.Done()
				if status, ok := f.TakeCompletion(); status != OK || !ok {
					b.Error(status, ok)
				}
				l.remote.Release(f)
				f.Release()
			}
			b.ResetTimer()
			b.ReportAllocs()
			before := l.cpu()
			if c.parallel == 0 {
				for b.Loop() {
					call()
				}
			} else {
				b.SetParallelism(c.parallel)
				b.RunParallel(func(p *testing.PB) {
					for p.Next() {
						call()
					}
				})
			}
			b.ReportMetric(float64((l.cpu()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu is the time that both processes have had of the processor's.
func (l *linked) cpu() (spent time.Duration) {
	for _, pid := range []int{os.Getpid(), l.cmd.Process.Pid} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			l.t.Fatal(err)
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+2:]))
		for _, field := range fields[11:13] { // in user mode, in the kernel
			ticks, err := strconv.Atoi(field)
			if err != nil {
				l.t.Fatal(err)
			}
			spent += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return spent
}
