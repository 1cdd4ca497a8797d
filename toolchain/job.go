package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain/confine"
)

// job is one build: a folder, a temporary folder of its own, and what the
// compiler prints.
type job struct {
	*Toolchain
	request   Request
	language  Language
	dir       string // the user's, links resolved: read only
	temp      string // goes away with the job
	output    *capture
	log       live
	measure   []string // what counts as the build's disk space
	isolation []string // what confined all of the commands so far
	confined  bool     // there was one
}

// compile returns the file that the compiler made, somewhere in the cache.
func (j *job) compile(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, j.config.Timeout,
		fmt.Errorf("%w after %v, its processes were killed", ErrTimeout, j.config.Timeout))
	defer cancel()
	var product string
	var err error
	switch j.language {
	case C:
		product, err = j.compileC(ctx)
	case Rust:
		product, err = j.compileRust(ctx)
	case Go:
		product, err = j.compileGo(ctx)
	}
	if err != nil && ctx.Err() != nil { // the cause, not "signal: killed"
		err = context.Cause(ctx)
	}
	return product, err
}

// command is a program to run for a job.
type command struct {
	dir    string
	env    []string  // added to the scrubbed environment
	stdout io.Writer // default: as stderr
	stderr io.Writer // default: the job's output and log
	name   string    // a path
	args   []string
	access access // used when confined
	own    bool   // runs nothing of the project's: does not count for isolation
}

// run runs a program and waits for it. When ctx ends, the program and all it
// started are killed.
func (j *job) run(ctx context.Context, c command) error {
	cmd := exec.CommandContext(ctx, c.name, c.args...)
	cmd.Dir = c.dir
	// Messages in English: their beginning becomes part of an error.
	cmd.Env = scrub(os.Environ(), append([]string{"PWD=" + c.dir, "LC_MESSAGES=C"}, c.env...)...)
	cmd.Stderr = c.stderr
	if c.stderr == nil {
		cmd.Stderr = io.MultiWriter(j.output, j.log)
	}
	cmd.Stdout = c.stdout
	if c.stdout == nil {
		cmd.Stdout = cmd.Stderr
	}
	// How long a stray process may hold the output open.
	cmd.WaitDelay = 2 * time.Second
	err := j.runGroup(ctx, cmd, c)
	if errors.Is(err, ErrLimit) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(c.name), err)
	}
	return nil
}

func (j *job) runGroup(ctx context.Context, cmd *exec.Cmd, c command) (err error) {
	group, err := newGroup(cmd)
	if err != nil {
		return err
	}
	defer group.close()
	kill, started := group.kill, group.started
	if j.request.Confined {
		cmd.Env = append(cmd.Env, j.confinedEnv()...)
		cmd.WaitDelay = 20 * time.Second // what strays is ended within seconds
		process, refused := confine.Prepare(cmd, j.policy(c.name, c.access))
		if refused != nil {
			return refused
		}
		defer func() {
			isolation, passed := process.Close()
			j.isolated(isolation, c.own)
			if passed != nil {
				err = passed
			}
		}()
		started = func() { group.started(); process.Started() }
		kill = func() error {
			if err := process.Kill(); !errors.Is(err, errors.ErrUnsupported) {
				return err
			}
			return group.kill()
		}
	}
	cmd.Cancel = kill
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	started()
	err = cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		// It ended well and left something in the background.
		kill()
		err = nil
	}
	return err
}

// isolated notes what confined a command: for the build counts what confined
// all of them.
func (j *job) isolated(by []string, own bool) {
	switch {
	case own:
	case !j.confined:
		j.isolation, j.confined = by, true
	default:
		j.isolation = slices.DeleteFunc(j.isolation, func(word string) bool { return !slices.Contains(by, word) })
	}
}

// find returns the path of the first of the programs that is installed.
func (j *job) find(what, hint string, programs ...string) (string, error) {
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path, nil
		}
	}
	return "", &MissingError{j.language, what, hint}
}
