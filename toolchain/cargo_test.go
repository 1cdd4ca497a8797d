package toolchain_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

const crate = `[package]
name = "crate-x"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
edge-gateway-sdk = "0.1"
`

const plainRust = `use edge_gateway_sdk::{handler, Request, Response};
handler!(hello);
fn hello(_: &Request) -> Response { Response::text("hello") }
`

func TestCrate(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []string
		err   []string
	}{
		{"two crate types and a binary that does not compile", []string{
			"Cargo.toml", strings.Replace(crate, `"cdylib"`, `"rlib", "cdylib"`, 1),
			"src/lib.rs", plainRust, "src/main.rs", "no rust"}, nil},
		{"a name of its own for the library", []string{
			"Cargo.toml", strings.Replace(crate, "[lib]", "[lib]\nname = \"other\"", 1), "src/lib.rs", plainRust}, nil},
		{"no C library", []string{
			"Cargo.toml", strings.Replace(crate, `crate-type = ["cdylib"]`, "", 1), "src/lib.rs", plainRust},
			[]string{"cdylib", "Cargo.toml"}},
		{"no library at all", []string{
			"Cargo.toml", strings.Replace(crate, "[lib]\ncrate-type = [\"cdylib\"]", "", 1), "src/main.rs", "fn main() {}"},
			[]string{"no library targets"}},
		{"no TOML", []string{"Cargo.toml", "[package\n", "src/lib.rs", plainRust}, []string{"Cargo.toml"}},
		{"abort on panic is put right", []string{
			"Cargo.toml", crate + "\n[profile.release]\npanic = \"abort\"\n",
			"src/lib.rs", plainRust + "#[cfg(panic = \"abort\")]\ncompile_error!(\"abort\");\n"}, nil},
		{"an SDK version that this gateway does not have", []string{
			"Cargo.toml", strings.Replace(crate, `"0.1"`, `"7.0"`, 1), "src/lib.rs", plainRust},
			[]string{"edge-gateway-sdk"}},
		{"a crate that is not there", []string{
			"Cargo.toml", crate + "no-such-crate-of-edge-gateway = \"1\"\n", "src/lib.rs", plainRust},
			[]string{"no-such-crate-of-edge-gateway"}},
		{"a crate below", []string{
			"Cargo.toml", crate + "below = { path = \"below\" }\n", "src/lib.rs", plainRust + "pub use below::*;\n",
			"below/Cargo.toml", "[package]\nname = \"below\"\nversion = \"0.1.0\"\n", "below/src/lib.rs", ""}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			need(t, programs[toolchain.Rust]...)
			tc := newToolchain(t, toolchain.Config{Offline: true, CargoHome: t.TempDir()})
			library, err := tc.Build(t.Context(), project(t, test.files...))
			if test.err == nil {
				must(t, err)
				checkHandler(t, library)
				return
			}
			var failed *toolchain.BuildError
			if !errors.As(err, &failed) {
				t.Fatalf("error %v", err)
			}
			contains(t, err.Error()+failed.Output, test.err...)
		})
	}
}

// A crate may lie beside others, and the cache may lie in somebody's workspace:
// the copy has neither around it.
func TestCrateBesideOthersInAWorkspace(t *testing.T) {
	need(t, programs[toolchain.Rust]...)
	root := project(t,
		"Cargo.toml", "[workspace]\nmembers = [\"shared\"]\nexclude = [\"handler\"]\nresolver = \"2\"\n",
		"shared/Cargo.toml", "[package]\nname = \"shared\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
		"shared/src/lib.rs", "pub const TEXT: &str = \"shared\";\n",
		"sdk/Cargo.toml", "what lies where the SDK is said to be does not matter",
		"handler/Cargo.toml", strings.Replace(crate, `edge-gateway-sdk = "0.1"`,
			"edge-gateway-sdk = { path = \"../sdk\" }\nrenamed = { package = \"shared\", path = \"../shared\" }\n", 1),
		"handler/src/lib.rs", strings.Replace(plainRust, `"hello"`, "renamed::TEXT", 1),
	)
	tc := newToolchain(t, toolchain.Config{CacheDir: filepath.Join(root, "cache"), Offline: true})
	library, err := tc.Build(t.Context(), filepath.Join(root, "handler"))
	must(t, err)
	checkHandler(t, library)
}

func TestDeletedModuleIsMissed(t *testing.T) {
	need(t, programs[toolchain.Rust]...)
	tc := newToolchain(t, toolchain.Config{Offline: true})
	dir := project(t, "Cargo.toml", crate, "src/lib.rs", "mod part;\n"+plainRust, "src/part.rs", "")
	_, err := tc.Build(t.Context(), dir)
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, "src", "part.rs")))
	_, err = tc.Build(t.Context(), dir)
	if err == nil {
		t.Fatal("builds although a module was deleted")
	}
	contains(t, err.Error(), "part")
}
