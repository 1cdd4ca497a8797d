//go:build linux

package abi

import (
	"testing"
	"time"
)

// What a call costs that goes to another process and back. With many in flight
// neither side sleeps, and no system call is made.
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
			if c.parallel == 0 {
				for b.Loop() {
					call()
				}
				return
			}
			b.SetParallelism(c.parallel)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					call()
				}
			})
		})
	}
}
