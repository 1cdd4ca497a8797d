package registry

import (
	"fmt"
	"testing"
	"time"
)

func TestCountersOfAVersionOutliveItsInstances(t *testing.T) {
	e := testEndpoint()
	for range 3 {
		e.Swap(Split{Current: e.NewInstance(&module{}, "v", "", 10)})
		i := e.Acquire(nil)
		i.Version.Answered(200, time.Millisecond)
		if v := e.Versions()[0]; v.InFlight != 1 || !v.Current {
			t.Errorf("%+v", v)
		}
		i.Release()
	}
	e.Swap(Split{})
	e.Retired()
	versions := e.Versions()
	if len(versions) != 1 {
		t.Fatalf("%d versions", len(versions))
	}
	v := versions[0]
	if v.Statuses[200] != 3 || v.Latency.Count() != 3 || v.Unloaded != 3 || v.Loaded || v.Current || v.InFlight != 0 {
		t.Errorf("%+v", v)
	}
}

// keeper is a module that stays in memory.
type keeper struct{ module }

func (*keeper) Unload() (bool, error) { return false, nil }

func TestVersionsThatAreGoneAreForgottenButForTheLast(t *testing.T) {
	e := testEndpoint()
	kept := e.NewInstance(&keeper{}, "kept", "", 7)
	e.Swap(Split{Current: kept})
	for n := range 40 {
		e.Swap(Split{Current: e.NewInstance(&module{}, fmt.Sprint(n), "", 1)})
		e.Retired()
	}
	versions := e.Versions()
	if len(versions) != keepGone+2 { // the one in memory and the current one besides
		t.Fatalf("%d versions are kept", len(versions))
	}
	if v := versions[0]; v.Digest != "kept" || v.Retained != 1 || v.Bytes != 7 {
		t.Errorf("what is in memory: %+v", v)
	}
	for n, v := range versions[1:] {
		if want := fmt.Sprint(40 - keepGone - 1 + n); v.Digest != want || v.Current != (want == "39") {
			t.Errorf("%d: %+v, want version %s", n, v, want)
		}
	}
	if draining, retained, unloaded := e.Replaced(); draining != 0 || retained != 1 || unloaded != 39 {
		t.Errorf("%d drain, %d are retained, %d unloaded", draining, retained, unloaded)
	}
}

// What is held for a cancel is no request.
func TestHoldsAreNotCountedAsRequests(t *testing.T) {
	e := testEndpoint()
	e.Swap(Split{Current: e.NewInstance(&module{}, "v", "v", 1)})
	i := e.Acquire(nil)
	i.Hold()
	if n := i.InFlight(); n != 1 {
		t.Errorf("%d requests with the hold", n)
	}
	i.Release()
	if n := i.InFlight(); n != 0 {
		t.Errorf("%d requests after the request", n)
	}
	e.Swap(Split{})
	if draining, _, _ := e.Replaced(); draining != 1 {
		t.Error("it does not wait for the hold")
	}
	i.Let()
	e.Retired()
	if _, _, unloaded := e.Replaced(); unloaded != 1 {
		t.Error("it was not ended")
	}
}
