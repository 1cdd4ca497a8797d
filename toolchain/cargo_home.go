package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// cargoHome is where cargo keeps crates and settings.
func cargoHome(configured string) string {
	return firstPath(configured, os.Getenv("CARGO_HOME"), ".cargo")
}

// firstPath is the first that is given; the last is relative to the home
// folder.
func firstPath(configured, environment, atHome string) string {
	if configured != "" {
		return configured
	}
	if environment != "" {
		return environment
	}
	home, err := os.UserHomeDir()
	if err != nil { // a service without one: as cargo finds it
		account, err := user.Current()
		if err != nil {
			return ""
		}
		home = account.HomeDir
	}
	return filepath.Join(home, atHome)
}

// cargoFiles are what a confined build reads beside the crate. It writes none
// of them, or it could change what other builds run; and cargo's credentials
// are not among them.
func (j *job) cargoFiles() []string {
	home := cargoHome(j.config.CargoHome)
	files := []string{firstPath("", os.Getenv("RUSTUP_HOME"), ".rustup")}
	for _, name := range []string{"bin", "registry", "git", "config", "config.toml", "env", ".package-cache", ".package-cache-mutate"} {
		files = append(files, filepath.Join(home, name))
	}
	return files
}

// cargoFetch gets the crates that a confined build may then only read. It is
// run from an empty folder: settings in the crate's could name programs to run.
func (j *job) cargoFetch(ctx context.Context, cargo string, s *stage) error {
	if !j.request.Confined {
		return nil // cargo build does it
	}
	home := cargoHome(j.config.CargoHome)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	run := command{
		dir: j.temp, env: j.cargoEnv(s), name: cargo, own: true,
		access: access{read: j.cargoFiles(), write: []string{s.src, s.target, home}, network: true},
	}
	host, err := j.rustHost(ctx, run)
	if err != nil {
		return err
	}
	run.args = append([]string{"fetch", "--quiet", "--target", host}, j.crateArgs(filepath.Join(s.src, "Cargo.toml"))...)
	return j.run(ctx, run)
}

// rustHost is the platform that is built for: crates for others are not
// fetched.
func (j *job) rustHost(ctx context.Context, run command) (string, error) {
	var text bytes.Buffer
	run.args, run.stdout = []string{"--version", "--verbose"}, &text
	if err := j.run(ctx, run); err != nil {
		return "", err
	}
	for line := range strings.Lines(text.String()) {
		if host, ok := strings.CutPrefix(line, "host: "); ok {
			return strings.TrimSpace(host), nil
		}
	}
	return "", fmt.Errorf("cargo --version does not name the host: %q", text.String())
}
