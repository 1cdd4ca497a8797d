package toolchain

import (
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

func TestStageManifest(t *testing.T) {
	const sdk = "/cache/sdk/rust"
	for _, test := range []struct {
		name string
		in   string
		says []string
		same bool // but for the workspace at the end
	}{
		{"registry dependencies", "[dependencies]\nedge-gateway-sdk = \"0.1\" # a comment\n", nil, true},
		{"a path inside", "[dependencies]\na = { path = \"a\" }\n", nil, true},
		{"a path outside", "[dependencies]\na = { path = \"../a\" }\n", []string{"'/src/a'"}, false},
		{"an absolute path", "[dependencies]\na = { path = \"/x/a\" }\n", nil, true},
		{"of a target", "[target.'cfg(unix)'.build-dependencies.a]\npath = \"../../a\"\n", []string{"'/a'"}, false},
		{"of a patch", "[patch.crates-io]\na = { path = \"../a\" }\n", []string{"'/src/a'"}, false},
		{"the SDK by path", "[dependencies]\nedge-gateway-sdk = { path = \"sdk\", features = [\"serde\"] }\n", []string{"'" + sdk + "'", "'serde'"}, false},
		{"the SDK renamed", "[dependencies]\neg = { path = \"../sdk\", package = \"edge-gateway-sdk\" }\n", []string{"'" + sdk + "'"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := string(stageManifest([]byte(test.in), "/src/handler", sdk))
			body, ok := strings.CutSuffix(out, "\n[workspace]\n")
			if !ok || test.same != (body == test.in) {
				t.Fatalf("became %q", out)
			}
			for _, part := range test.says {
				if !strings.Contains(body, part) {
					t.Errorf("%s is not in %s", part, body)
				}
			}
		})
	}
	for _, unchanged := range []string{"[package\n", "[workspace]\nmembers = []\n"} {
		if out := string(stageManifest([]byte(unchanged), "/src", sdk)); out != unchanged {
			t.Errorf("%q became %q", unchanged, out)
		}
	}
}

func FuzzStageManifest(f *testing.F) {
	f.Add("[package]\nname = \"x\"\n[dependencies]\na = { path = \"../a\" }\n")
	f.Add("[workspace.dependencies.edge-gateway-sdk]\npath = \"\"\n[[bin]]\nname = \"b\"\n")
	f.Add("dependencies = 1\n[target]\nx = 2\npatch = []")
	f.Add("a = 1 # no newline at the end")
	f.Fuzz(func(t *testing.T, text string) {
		out := stageManifest([]byte(text), "/src/handler", "/cache/rust")
		var before, after map[string]any
		if toml.Unmarshal([]byte(text), &before) != nil {
			if string(out) != text {
				t.Fatalf("what is no TOML became %q", out)
			}
			return
		}
		if err := toml.Unmarshal(out, &after); err != nil {
			t.Fatalf("became no TOML: %v\n%s", err, out)
		}
		if _, ok := after["workspace"]; !ok {
			t.Fatalf("no workspace: %s", out)
		}
		for key := range before {
			if _, ok := after[key]; !ok {
				t.Fatalf("%q is lost: %s", key, out)
			}
		}
	})
}

const cargoSays = `{"reason":"compiler-artifact","manifest_path":"/other/Cargo.toml","target":{"kind":["cdylib"]},"filenames":["/t/libother.so","/t/libother.dylib","/t/other.dll"]}
a build script prints what it likes
{"reason":"compiler-artifact","manifest_path":"/m/Cargo.toml","target":{"kind":["custom-build"]},"filenames":["/t/build.so"]}
{"reason":"compiler-artifact","manifest_path":"/m/Cargo.toml","target":{"kind":["rlib","cdylib"]},"filenames":["/t/libm.rlib","/t/m.so","/t/m.dylib","/t/m.dll"]}
{"reason":"build-finished","success":true}
`

// However the pipe cuts them, the messages are the same.
func FuzzCargoMessages(f *testing.F) {
	f.Add(cargoSays, 1)
	f.Add(cargoSays, 7)
	f.Add(cargoSays+strings.Repeat("x", 1000), 4096)
	f.Add("{}\n\n[1]\nnull\n", 2)
	f.Fuzz(func(t *testing.T, text string, size int) {
		size = max(1, size&0xffff)
		whole, cut := &cargoMessages{manifest: "/m/Cargo.toml"}, &cargoMessages{manifest: "/m/Cargo.toml"}
		whole.Write([]byte(text))
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			cut.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		if whole.library != cut.library || whole.began != cut.began {
			t.Fatalf("at once %+v, cut %+v", whole, cut)
		}
		if text == cargoSays && (whole.library != "/t/m"+Extension() || !whole.began) {
			t.Fatalf("read %+v", whole)
		}
	})
}
