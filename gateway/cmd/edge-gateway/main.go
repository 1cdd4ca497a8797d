// Command edge-gateway serves HTTP by calling native functions.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/edge-gateway/edge-gateway/gateway/internal/cli"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
	"github.com/edge-gateway/edge-gateway/toolchain/confine"
)

func main() {
	worker.Main() // or a process of an isolated endpoint
	trial.Main()
	confine.Main()
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "edge-gateway:", cli.Plain(err.Error()))
		os.Exit(exitStatus(err))
	}
}

// exitStatus is for scripts to tell errors apart by; docs/CONTROL.md lists them.
func exitStatus(err error) int {
	if errors.Is(err, errUsage) {
		return cli.Usage
	}
	return cli.ExitStatus(err)
}
