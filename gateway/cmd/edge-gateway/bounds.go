package main

import (
	"fmt"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// boundMemory has the process that serves refuse requests, and before that have
// itself replaced, when it takes too much. By default, of what there is: while
// one process drains and another one serves, each with what it is replaced at,
// there still is some left for control, builds and the rest of the machine.
func boundMemory(o *gateway.Options, chosen config.Server, there int64) {
	o.Memory = chosen.Memory
	if o.Memory == 0 {
		o.Memory = there / 4 * 3
	}
	o.HardMemory = o.Memory + o.Memory/8
	o.Wear = gateway.Wear{
		Memory: chosen.RecycleMemory, Retained: chosen.RecycleRetained, Stuck: chosen.RecycleStuck,
		Go: abi.MaxGoLibraries,
	}
	if o.Wear.Memory == 0 {
		o.Wear.Memory = o.Memory / 2
	}
	if o.Wear.Retained == 0 {
		o.Wear.Retained = 256 << 20
	}
	if o.Wear.Stuck == 0 {
		o.Wear.Stuck = 8 // as many as one endpoint may have, which is closed then
	}
}

// questionable tells which bounds of memory cannot do what they are for.
func questionable(o gateway.Options, there int64) (why []string) {
	mib := func(bytes int64) string { return fmt.Sprintf("%d MiB", bytes>>20) }
	for _, one := range []struct {
		key   string
		bytes int64
	}{{"memory", o.Memory}, {"recycle_memory", o.Wear.Memory}} {
		if there > 0 && one.bytes > there {
			why = append(why, fmt.Sprintf("%s is %s, and there are %s", one.key, mib(one.bytes), mib(there)))
		}
	}
	if o.Memory > 0 && o.Wear.Memory >= o.Memory {
		why = append(why, fmt.Sprintf("recycle_memory is %s, and requests are refused above %s already: the worker is never replaced for its memory", mib(o.Wear.Memory), mib(o.Memory)))
	}
	return why
}
