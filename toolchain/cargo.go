package toolchain

import (
	"context"
	"errors"
	"fmt"
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
// network. Where cargo could not even begin, it may use the network; in a
// confined build that is a step of its own, before anything of the crate runs.
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
	if err != nil && !messages.began && !j.config.Offline && ctx.Err() == nil && !errors.Is(err, ErrLimit) {
		if err = j.cargoFetch(ctx, cargo, s); err == nil {
			messages, err = j.cargoBuild(ctx, cargo, s, j.request.Confined, nil)
		}
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
	// What a macro printed as if it were cargo is not believed.
	if real, err := filepath.EvalSymlinks(messages.library); err != nil || !within(real, s.target) {
		return "", fmt.Errorf("cargo reports a library outside its target folder: %q", messages.library)
	}
	// The target folder is shared with the next build of this crate, the
	// job's folder is not.
	product := filepath.Join(j.temp, "handler"+Extension())
	_, err = place(messages.library, j.temp, func(string) string { return product })
	return product, err
}

func (j *job) cargoBuild(ctx context.Context, cargo string, s *stage, offline bool, stderr *held) (*cargoMessages, error) {
	manifest := filepath.Join(s.src, "Cargo.toml")
	args := append([]string{
		"build", "--release", "--lib", "--quiet", "--message-format", "json-render-diagnostics",
		// A panic has to be caught at the library's border; abort would end
		// the gateway.
		"--config", `profile.release.panic="unwind"`,
	}, j.crateArgs(manifest)...)
	if offline {
		args = append(args, "--offline")
	}
	messages := &cargoMessages{manifest: manifest, log: j.log}
	run := command{
		// The user's folder, where .cargo/config.toml and rust-toolchain.toml
		// are looked for.
		dir: j.dir, env: j.cargoEnv(s), stdout: messages, name: cargo, args: args,
		access: access{read: j.cargoFiles(), write: []string{s.src, s.target}, network: !offline},
	}
	if stderr != nil {
		run.stderr, messages.begin = stderr, stderr.release
	}
	err := j.run(ctx, run)
	return messages, err
}

func (j *job) crateArgs(manifest string) []string {
	sdk := strconv.Quote(filepath.ToSlash(j.rustDir()))
	return []string{"--manifest-path", manifest, "--config", "patch.crates-io.edge-gateway-sdk.path=" + sdk}
}

func (j *job) cargoEnv(s *stage) []string {
	env := []string{"CARGO_TARGET_DIR=" + s.target, "CARGO_TERM_COLOR=never"}
	if j.config.CargoHome != "" {
		env = append(env, "CARGO_HOME="+j.config.CargoHome)
	}
	return env
}
