package toolchain

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// errNoCdylib explains what cargo does not: it was content.
var errNoCdylib = errors.New(`the crate makes no C library; Cargo.toml needs [lib] with crate-type = ["cdylib"]`)

// compileRust lets cargo build a copy of the crate. The SDK comes from the
// unpacked one: Cargo.toml says edge-gateway-sdk = "0.1", and a patch on the
// command line puts a path in the registry's place.
//
// The first attempt is offline. Cargo asks the registry for the SDK's index
// entry even though it is patched, unless told to stay offline; so a crate
// without other dependencies, or with all of them cached, builds without a
// network. Where cargo could not even begin, it may use the network.
func (j *job) compileRust(ctx context.Context) (string, error) {
	cargo, err := j.find("cargo", rustHint, "cargo")
	if err != nil {
		return "", err
	}
	s, err := j.stage(ctx, []string{"Cargo.lock"}, map[string]func([]byte) []byte{
		"Cargo.toml": func(text []byte) []byte { return stageManifest(text, j.dir, j.rustDir()) },
	})
	if err != nil {
		return "", err
	}
	defer s.unlock()

	// What the first attempt prints counts only if it got as far as compiling,
	// or if there is no second one.
	first := &held{to: io.MultiWriter(j.output, j.log)}
	messages, err := j.cargoBuild(ctx, cargo, s, true, first)
	if err != nil && !messages.began && !j.config.Offline && ctx.Err() == nil {
		messages, err = j.cargoBuild(ctx, cargo, s, false, nil)
	} else {
		first.release()
	}
	if err != nil {
		if strings.Contains(j.output.String(), "linker `cc` not found") {
			return "", &MissingError{Rust, "a C compiler (cc) as its linker", compilerHint()}
		}
		return "", err
	}
	if messages.library == "" {
		return "", errNoCdylib
	}
	// The target folder is shared with the next build of this crate, the
	// job's folder is not.
	product := filepath.Join(j.temp, "handler"+Extension())
	_, err = place(messages.library, j.temp, func(string) string { return product })
	return product, err
}

func (j *job) cargoBuild(ctx context.Context, cargo string, s *stage, offline bool, stderr *held) (*cargoMessages, error) {
	manifest := filepath.Join(s.src, "Cargo.toml")
	sdk := strconv.Quote(filepath.ToSlash(j.rustDir()))
	args := []string{
		"build", "--release", "--lib", "--quiet",
		"--manifest-path", manifest,
		"--message-format", "json-render-diagnostics",
		"--config", "patch.crates-io.edge-gateway-sdk.path=" + sdk,
		// A panic has to be caught at the library's border; abort would end
		// the gateway.
		"--config", `profile.release.panic="unwind"`,
	}
	if offline {
		args = append(args, "--offline")
	}
	env := []string{"CARGO_TARGET_DIR=" + s.target, "CARGO_TERM_COLOR=never"}
	if j.config.CargoHome != "" {
		env = append(env, "CARGO_HOME="+j.config.CargoHome)
	}
	messages := &cargoMessages{manifest: manifest, log: j.log}
	run := command{dir: j.dir, env: env, stdout: messages, name: cargo, args: args}
	if stderr != nil {
		run.stderr, messages.begin = stderr, stderr.release
	}
	// From the user's folder, where .cargo/config.toml and
	// rust-toolchain.toml are looked for.
	err := j.run(ctx, run)
	return messages, err
}
