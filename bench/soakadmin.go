package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// start starts the gateway as an operator would, makes the services, and deploys
// the first version of every endpoint.
func (s *soak) start() (err error) {
	s.data = filepath.Join(s.f.dir, "soak")
	config := filepath.Join(s.f.dir, "soak.toml")
	if err := os.WriteFile(config, []byte(soakConfig), 0o600); err != nil {
		return err
	}
	s.f.heard = s.hear
	if s.gateway, err = s.f.launch(s.f.binary, "serve", "--config", config, "--data", s.data, "--listen", "127.0.0.1:0", "--admin", "off", "--no-access-log"); err != nil {
		return err
	}
	for _, one := range [][]string{
		{"services", "create", "ledger", "--kind", "sql"},
		{"services", "create", "memory", "--kind", "cache"},
	} {
		if err := s.command(nil, one...); err != nil {
			return err
		}
	}
	for _, e := range s.asked {
		if err := s.deployFirst(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) deployFirst(e *soaked) error {
	args := []string{"deploy", e.libraries[0], "--name", e.name, "--route", e.route}
	if e.ledger {
		args = append(args, "--bind", "db=ledger", "--bind", "cache=memory")
	}
	if e.isolated {
		args = append(args, "--isolation", "process")
	}
	done, err := s.deploy(append(args, e.flags...)...)
	if err != nil {
		return err
	}
	e.digests[0] = done.New
	e.serves.Store(1)
	return nil
}

// soakConfig has a worker that leaks replaced within seconds, and well before it
// would refuse requests.
const soakConfig = `[server]
memory = "768MiB"
recycle_memory = "320MiB"
`

// deployed is what the gateway tells of a deploy.
type deployed struct{ Old, New string }

func (s *soak) deploy(args ...string) (done deployed, err error) {
	err = s.command(&done, args...)
	return done, err
}

// command runs a command of the gateway's own, against its socket.
func (s *soak) command(into any, args ...string) error {
	run := exec.Command(s.f.binary, append(args, "--data", s.data, "--json")...)
	var out, said bytes.Buffer
	run.Stdout, run.Stderr = &out, &said
	begin := time.Now()
	if err := run.Run(); err != nil {
		return fmt.Errorf("edge-gateway %s, after %v: %w: %s", strings.Join(args, " "), time.Since(begin).Round(time.Millisecond), err, strings.TrimSpace(said.String()))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(out.Bytes(), into)
}

// endpointState is what the gateway tells of an endpoint.
type endpointState struct {
	Version    string
	Quarantine []struct{ Version, Reason string }
	Placement  *struct {
		Process *struct{ Pid int }
	}
}

func (s *soak) stateOf(name string) (state endpointState, err error) {
	err = s.command(&state, "endpoints", "show", name)
	return state, err
}

// crashReport is what the gateway tells of the end of a worker.
type crashReport struct{ ID, Endpoint, Version, What, Status string }

// crashAfter waits for the report of a crash that is not the one of that id.
func (s *soak) crashAfter(id string) (crashReport, error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		last, err := s.lastCrash()
		if err != nil || last.ID != id {
			return last, err
		}
	}
	return crashReport{}, errors.New("there is no report of a crash")
}

func (s *soak) lastCrash() (last crashReport, err error) {
	var all []crashReport
	if err := s.command(&all, "crashes", "-n", "1"); err != nil || len(all) == 0 {
		return last, err
	}
	return all[0], nil
}
