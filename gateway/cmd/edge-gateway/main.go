// Command edge-gateway serves HTTP by calling native functions.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
	"github.com/edge-gateway/edge-gateway/toolchain/confine"
)

func main() {
	trial.Main()
	confine.Main()
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "edge-gateway:", err)
		os.Exit(1)
	}
}
