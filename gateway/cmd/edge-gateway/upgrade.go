package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// errUpgrade ends the program for the one that its process becomes.
var errUpgrade = errors.New("the program is replaced")

// pending is an upgrade that was answered, and is to be done.
type pending struct {
	upgrade model.Upgrade
	timeout time.Duration
}

// beginUpgrade asks another program whether it could serve. If so this one is
// about to be replaced; if not, nothing has changed.
func (s *server) beginUpgrade(ctx context.Context, r model.UpgradeRequest) (u model.Upgrade, err error) {
	u = model.Upgrade{State: model.UpgradeRuns, From: programVersion(), Program: r.Program, At: time.Now().UTC()}
	if u.Program == "" {
		if u.Program, err = program(); err != nil {
			return u, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.Timeout))
	defer cancel()
	if u.To, err = checked(ctx, u.Program); err != nil {
		return u, model.Errorf(model.Refused, "program %s cannot take over, nothing has changed: %w", u.Program, err)
	}
	s.upgrades <- pending{u, time.Duration(r.Timeout)} // there is room for one, and one at a time is let through
	return u, nil
}

// checked runs "serve --check" of a program, with the command line of this one,
// and gives its version.
func checked(ctx context.Context, path string) (version string, err error) {
	check := exec.CommandContext(ctx, path, append(os.Args[1:len(os.Args):len(os.Args)], "--check")...)
	var said, failed bytes.Buffer
	check.Stdout, check.Stderr = &said, &failed
	check.WaitDelay = time.Second
	if err := check.Run(); err != nil {
		if ctx.Err() != nil {
			err = errors.New("it did not answer in time")
		}
		if text := strings.TrimSpace(failed.String()); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return "", err
	}
	version, ok := strings.CutPrefix(strings.TrimSpace(said.String()), checkedText)
	if !ok {
		return "", fmt.Errorf("it is no edge-gateway: it answers %.100q", said.String())
	}
	return version, nil
}

// checkedText is what "serve --check" prints before the version.
const checkedText = "the command line and the configuration are good for edge-gateway "

// check tells whether the program could serve: it reads the configuration, and
// has a worker process start and end.
func (c serveCommand) check() error {
	file, err := c.load()
	if err != nil {
		return err
	}
	if !c.singleProcess() {
		dir, err := os.MkdirTemp("", "edge-gateway-check-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		w, err := worker.New(worker.Options{Gateway: gateway.Options{Dir: dir}, Text: true, Print: os.Stderr, DrainTimeout: file.Server.DrainTimeout})
		if err != nil {
			return err
		}
		if err := limited(10*time.Second, w.Shutdown); err != nil {
			return err
		}
	}
	fmt.Println(checkedText + programVersion())
	return nil
}

// become has the process become the program of an upgrade, or start this one
// anew if that cannot be. Everything but what is left has been closed.
func (s *server) become() error {
	next := &s.leaves
	next.Upgrade, next.Timeout, next.Args = s.next.upgrade, s.next.timeout, os.Args
	err := next.Become(next.Upgrade.Program, s.manager.Environment())
	logger().Error("the program is not replaced", "error", err)
	return next.Return(err, s.manager.Environment())
}

// startInTime has a program that took over from another one give back to it if
// it does not get as far as serving.
func (s *server) startInTime(before *upgrade.Inherited) (inTime func() bool) {
	timer := time.AfterFunc(before.Timeout, func() {
		err := before.Return(fmt.Errorf("%s did not serve within %v", programVersion(), before.Timeout), s.manager.Environment())
		logger().Error("the program before cannot be come back to", "error", err)
	})
	return timer.Stop
}

// settle is for when requests are accepted: what the program before has left is
// not needed any more.
func (s *server) settle() {
	if s.before == nil {
		return
	}
	u := s.before.Upgrade
	if u.State == model.UpgradeRuns {
		u.State, u.To = model.UpgradeDone, programVersion()
		logger().Info("the program was replaced", "from", u.From, "to", u.To, "program", u.Program)
	} else {
		logger().Error("the program was not replaced, this one is back", "to", u.To, "program", u.Program, "error", u.Reason)
	}
	s.sockets.keepLocal(false)
	s.before.Settle()
	s.before = nil
	s.control.Upgraded(u)
}

// leave gives up what the next program gets, in place of closing it.
func (s *server) leave() (err error) {
	supervisor, ok := s.worker.(*worker.Supervisor)
	if !ok {
		return upgrade.ErrUnsupported
	}
	to := &s.leaves
	if to.Back, err = upgrade.Running(); err != nil {
		return err
	}
	if to.Lock, err = upgrade.Copy(s.dir.Lock()); err != nil {
		return err
	}
	err = limited(time.Minute, func(ctx context.Context) error {
		to.Workers, err = supervisor.Leave(ctx)
		return err
	})
	s.left = err == nil
	return err
}
