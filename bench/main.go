// Command bench measures the gateway against a native fasthttp server, against
// one process per handler, what waits without a thread against what waits in
// one, handlers that use services against native code, and handlers in processes
// of their own against the same in the worker. `make bench` runs it, after the benchmark of the same path in process
// (BenchmarkHotPathBesideNative).
//
// Every server is a process of its own, and so is the load generator. Rounds
// are interleaved: each target once, then again. What is compared is the CPU
// that the kernel accounts to a server for a request, as a ratio to the first
// server of the section in the same round.
//
// With -spinning it measures something else: the latency of one endpoint before
// and while the calls of another spin past their deadlines. With -stalled it is
// that beside a flood over a database that hangs. With -deploys it is the time
// from a deploy to the new version's answer. With -soak it is no measurement but
// a trial: twenty endpoints under load, while versions are swapped and things go
// wrong at random; it fails if anything is lost that may not be.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// The harness starts itself again in these roles.
const (
	roleNative    = "role-native"
	roleBare      = "role-bare"
	roleNativeSQL = "role-native-sql"
	roleBareSQL   = "role-bare-sql"
	roleV1        = "role-v1"
	roleHandler   = "role-handler"
	roleLoad      = "role-load"
)

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case roleNative:
			return serveNative()
		case roleBare:
			return serveBare()
		case roleNativeSQL:
			return serveNativeSQL(args[1:])
		case roleBareSQL:
			return serveBareSQL(args[1:])
		case roleV1:
			return serveV1()
		case roleHandler:
			return handleLines(os.Stdin, os.Stdout)
		case roleLoad:
			return generateLoad(args[1:])
		}
	}
	var o options
	var spinning, stalled, deploys, soaks bool
	var soaking soakOptions
	var only, part, profile string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "rounds that count, after one that does not")
	flags.IntVar(&o.requests, "requests", 40_000, "requests to each target in a round")
	flags.IntVar(&o.conns, "conns", 16, "connections")
	flags.StringVar(&only, "only", "", "targets to measure beside the first of their section, separated by commas; default all")
	flags.StringVar(&part, "section", "", "the section to measure, of hot, await, services, cache, isolated-1, isolated-4 and isolated-64; default all")
	flags.BoolVar(&spinning, "spinning", false, "measure one endpoint while another spins, instead")
	flags.BoolVar(&stalled, "stalled", false, "measure one endpoint while the database of another hangs, instead")
	flags.BoolVar(&deploys, "deploys", false, "measure how long a deploy takes, instead")
	flags.BoolVar(&soaks, "soak", false, "soak the whole gateway, instead; -requests is 200000 then if it is not said")
	flags.Uint64Var(&soaking.seed, "seed", 0, "with -soak: what chance starts from; default: the time")
	flags.IntVar(&soaking.isolated, "isolated", 4, "with -soak: endpoints in processes of their own")
	flags.DurationVar(&soaking.every, "every", 10*time.Second, "with -soak: from one fault to the next, on average")
	flags.StringVar(&soaking.fault, "fault", "", "with -soak: only faults with this in their names")
	flags.BoolVar(&soaking.loud, "v", false, "with -soak: tell of each fault")
	flags.StringVar(&profile, "profile", "", "measure nothing, but profile the hot path for the compiler into this file")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if profile != "" {
		return recordProfile(profile, o)
	}
	f, err := newFleet()
	if err != nil {
		return err
	}
	defer f.stop()
	if spinning {
		return measureSpinning(os.Stdout, f, o)
	}
	if stalled {
		return measureStalled(os.Stdout, f, o)
	}
	if deploys {
		return measureDeploys(os.Stdout, f, o)
	}
	if soaks {
		soaking.conns, soaking.requests = o.conns, 200_000
		flags.Visit(func(f *flag.Flag) {
			if f.Name == "requests" {
				soaking.requests = o.requests
			}
		})
		return runSoak(os.Stdout, f, soaking)
	}
	for _, one := range sections {
		if part != "" && part != one.name {
			continue
		}
		s, err := one.start(f, o)
		if errors.Is(err, errNoPostgres) {
			fmt.Printf("section %s left out: %v\n\n", one.name, err)
			continue
		}
		if err != nil {
			return err
		}
		if only != "" {
			wanted := append(strings.Split(only, ","), s.targets[0].name)
			s.targets = slices.DeleteFunc(s.targets, func(t *target) bool { return !slices.Contains(wanted, t.name) })
			if len(s.targets) == 1 {
				continue
			}
		}
		if err := s.measure(o.rounds); err != nil {
			return err
		}
		if err := s.print(os.Stdout, o.rounds); err != nil {
			return err
		}
	}
	return nil
}

var sections = []struct {
	name  string
	start func(*fleet, options) (*section, error)
}{
	{"hot", startHotPath}, {"await", startAwait}, {"services", startSQL}, {"cache", startCache},
	{"isolated-1", startIsolated(1)}, {"isolated-4", startIsolated(4)}, {"isolated-64", startIsolated(64)},
}

type options struct{ rounds, requests, conns int }
