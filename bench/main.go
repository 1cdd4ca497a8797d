// Command bench measures the gateway against a native fasthttp server and
// against one process per handler, as `make bench` does.
//
// Every server is a process of its own, and so is the load generator. Rounds
// are interleaved: each target once, then again. What is compared is the CPU
// that the kernel accounts to a server for a request, as a ratio to the native
// server in the same round.
//
// With -spinning it measures something else: the latency of one endpoint before
// and while the calls of another spin past their deadlines.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// The harness starts itself again in these roles.
const (
	roleNative  = "role-native"
	roleV1      = "role-v1"
	roleHandler = "role-handler"
	roleLoad    = "role-load"
)

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case roleNative:
			return serveNative()
		case roleV1:
			return serveV1()
		case roleHandler:
			return handleLines(os.Stdin, os.Stdout)
		case roleLoad:
			return generateLoad(args[1:])
		}
	}
	var o options
	var only string
	var beside bool
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "rounds that count, after one that does not")
	flags.IntVar(&o.requests, "requests", 40_000, "requests to each target in a round")
	flags.IntVar(&o.conns, "conns", 16, "connections")
	flags.StringVar(&only, "only", "", "targets to measure beside native, separated by commas; default all")
	flags.BoolVar(&beside, "spinning", false, "measure one endpoint while another spins, instead")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	targets, stop, err := startTargets()
	if err != nil {
		return err
	}
	defer stop()
	if beside {
		return measureSpinning(os.Stdout, targets, o)
	}
	if only != "" {
		wanted := append(strings.Split(only, ","), native)
		targets = slices.DeleteFunc(targets, func(t *target) bool { return !slices.Contains(wanted, t.name) })
	}
	return measure(os.Stdout, targets, o)
}

type options struct{ rounds, requests, conns int }
