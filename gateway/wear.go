package gateway

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/isolate"
)

// Wear bounds what a process takes that only its end gives back for certain. A
// zero field means no bound.
type Wear struct {
	Memory   int64 // resident bytes
	Retained int64 // bytes of libraries that are not used any more, and still mapped
	Stuck    int   // calls past their deadline, for a second on end
	Go       int   // Go libraries loaded, if one of them is not used any more
}

// The memory of the process is looked at this often, which takes some
// microseconds, and the rest of its wear with every fifth look.
const (
	lookEvery = 50 * time.Millisecond
	wearLooks = 5

	stuckFor     = time.Second
	atOnce       = time.Second / 2
	collectEvery = 2 * time.Second
)

// watcher looks at what the process takes. It refuses requests while that is too
// much memory, and tells when the process is worn.
type watcher struct {
	g          *Gateway
	data       dataLimit
	stuckSince time.Time // zero: there are fewer
	told       time.Time // when it was told that the process is worn; zero: it is not
	worse      bool      // half as much memory again has been passed
	shedding   bool
	once       sync.Once
	collected  time.Time
}

// run looks until stop is closed.
func (w *watcher) run(stop <-chan struct{}) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			w.look(now, n%wearLooks == 0)
		}
	}
}

func (w *watcher) look(now time.Time, all bool) {
	resident, data := usedMemory()
	if hard := w.g.opts.HardMemory; hard > 0 && data > 0 {
		if err := w.data.set(data + max(0, hard-resident)); err != nil {
			w.once.Do(func() { w.g.opts.Log.Warn("the memory of native code is not bounded", "error", err) })
		}
	}
	w.shed(now, resident)
	if w.g.opts.Worn == nil {
		return
	}
	if !w.told.IsZero() {
		w.again(now, resident)
		return
	}
	reason := w.memory(resident)
	if reason == "" && all {
		reason = w.rest(now)
	}
	if reason != "" {
		w.told = now
		w.g.opts.Worn(reason)
	}
}

// again tells once more when there is half as much memory again. Not if that was
// at once: then it is what the process needs, and grows no further by itself.
func (w *watcher) again(now time.Time, resident int64) {
	most := w.g.opts.Wear.Memory
	if w.worse || most <= 0 || resident < most+most/2 {
		return
	}
	w.worse = true
	if now.Sub(w.told) > atOnce {
		w.g.opts.Worn(w.memory(resident))
	}
}

// shed has new requests refused while there is too much memory in use.
func (w *watcher) shed(now time.Time, resident int64) {
	most := w.g.opts.Memory
	switch {
	case most <= 0:
		return
	case !w.shedding && resident > most:
		w.shedding = true
		w.g.dispatch.Shed(true)
		w.g.opts.Log.Warn("the process has too much memory, and requests get 503 until it has less", "memory", megabytes(resident), "most", megabytes(most))
	case w.shedding && resident < most-most/16: // not at once: it would come and go
		w.shedding = false
		w.g.dispatch.Shed(false)
		w.g.opts.Log.Info("the process has less memory again, and requests are let in", "memory", megabytes(resident))
	}
	if w.shedding && now.Sub(w.collected) > collectEvery {
		w.collected = now
		debug.FreeOSMemory() // what is only garbage would be in the way of requests, and nothing else collects it
	}
}

func (w *watcher) memory(resident int64) string {
	if most := w.g.opts.Wear.Memory; most > 0 && resident > most {
		return fmt.Sprintf("it has %s of memory, and recycle_memory is %s", megabytes(resident), megabytes(most))
	}
	return ""
}

func (w *watcher) rest(now time.Time) string {
	most := w.g.opts.Wear
	if n := abi.Retained(); most.Retained > 0 && n > most.Retained {
		return fmt.Sprintf("it has %s of libraries that are not used any more, and recycle_retained is %s", megabytes(n), megabytes(most.Retained))
	}
	if n := abi.GoLibraries(); most.Go > 0 && n >= most.Go && abi.GoRetained() > 0 {
		return fmt.Sprintf("it has loaded %d Go libraries, of which %d are not used any more, and it can take no more than %d", n, abi.GoRetained(), most.Go)
	}
	if n := w.g.stuckCalls(); most.Stuck <= 0 || n < int64(most.Stuck) {
		w.stuckSince = time.Time{}
	} else if w.stuckSince.IsZero() {
		w.stuckSince = now
	} else if now.Sub(w.stuckSince) >= stuckFor {
		return fmt.Sprintf("%d calls are past their deadline and do not return, and recycle_stuck is %d", n, most.Stuck)
	}
	return ""
}

// stuckCalls counts those of all endpoints, and those of handler_cancel that are
// under way: a look later they are others, or do not return. An isolated
// endpoint's are in a process that is ended for them.
func (g *Gateway) stuckCalls() (n int64) {
	for _, e := range *g.endpoints.Load() {
		if i := e.Split().Current; i != nil {
			if _, isolated := i.Module.(*isolate.Module); isolated {
				continue
			}
		}
		n += e.StuckCalls() + e.Canceling.Load()
	}
	return n
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
