package confine

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// variable tells a child of this program that it is one, and what to do.
const variable = "EDGE_GATEWAY_CONFINE"

// order is what the child is to do.
type order struct {
	Path   string
	Args   []string
	Limits Limits
}

// child takes its limits and becomes the program, if it is told to.
func child() {
	text, ok := os.LookupEnv(variable)
	if !ok {
		return
	}
	os.Unsetenv(variable)
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		setLimits(o.Limits)
		err = syscall.Exec(o.Path, o.Args, os.Environ())
	}
	fmt.Fprintf(os.Stderr, "start %s: %v\n", o.Path, err)
	os.Exit(126)
}

func prepare(cmd *exec.Cmd, p Policy) (isolation []string, err error) {
	text, err := json.Marshal(order{cmd.Path, cmd.Args, p.Limits})
	if err != nil {
		return nil, fmt.Errorf("confine: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("confine: %w", err)
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Path, cmd.Args = self, []string{"confine"}
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], variable+"="+string(text))
	return []string{"rlimits"}, nil
}
