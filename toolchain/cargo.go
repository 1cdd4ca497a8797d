package toolchain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
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

	messages, err := j.cargoBuild(ctx, cargo, s, true)
	if err != nil && !messages.began && !j.config.Offline && ctx.Err() == nil {
		j.output.reset()
		messages, err = j.cargoBuild(ctx, cargo, s, false)
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

func (j *job) cargoBuild(ctx context.Context, cargo string, s *stage, offline bool) (*cargoMessages, error) {
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
	messages := &cargoMessages{manifest: manifest}
	// From the user's folder, where .cargo/config.toml and
	// rust-toolchain.toml are looked for.
	err := j.run(ctx, command{dir: j.dir, env: env, stdout: messages, name: cargo, args: args})
	return messages, err
}

// cargoMessages reads what cargo reports, one JSON object a line.
type cargoMessages struct {
	manifest string // of the crate looked for
	library  string // its library
	began    bool   // it got as far as compiling
	line     []byte
}

const maxCargoMessage = 1 << 20

func (m *cargoMessages) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			if len(m.line)+len(rest) <= maxCargoMessage {
				m.line = append(m.line, rest...)
			}
			break
		}
		m.read(append(m.line, rest[:end]...))
		m.line, rest = m.line[:0], rest[end+1:]
	}
	return len(p), nil
}

func (m *cargoMessages) read(line []byte) {
	var message struct {
		Reason       string
		ManifestPath string `json:"manifest_path"`
		Target       struct{ Kind []string }
		Filenames    []string
	}
	if json.Unmarshal(line, &message) != nil {
		return // a build script's own words
	}
	switch message.Reason {
	case "build-finished":
		m.began = true
	case "compiler-artifact":
		if message.ManifestPath != m.manifest || !slices.Contains(message.Target.Kind, "cdylib") {
			return
		}
		for _, name := range message.Filenames {
			if filepath.Ext(name) == Extension() {
				m.library = name
			}
		}
	}
}
