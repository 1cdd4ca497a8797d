//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// served is a box with two endpoints that serve, and a service with a secret.
func served(t *testing.T) *box {
	t.Helper()
	b := newBox(t)
	b.mustStart()
	for _, name := range residents[:2] {
		b.createEndpoint(name)
		b.upload(name, b.next("version"))
		b.deploy(name, "version-000"+string('1'+name[1]-'0'))
	}
	b.putService("s0", 1)
	b.stop()
	return b
}

// refuses wants the program not to start, and to say why.
func (b *box) refuses(says ...string) {
	b.Helper()
	out, err := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data", b.data).CombinedOutput()
	if exit := new(exec.ExitError); err == nil || !asExit(err, &exit) || exit.ExitCode() != 1 {
		b.Errorf("it ends with %v\n%s", err, out)
	}
	for _, text := range says {
		if !strings.Contains(string(out), text) {
			b.Errorf("it does not say %q:\n%s", text, out)
		}
	}
}

func asExit(err error, exit **exec.ExitError) (is bool) {
	*exit, is = err.(*exec.ExitError)
	return is
}

func TestADamagedStateIsToldAndNotTouched(t *testing.T) {
	b := served(t)
	path := filepath.Join(b.data, "state.db")
	good, err := os.ReadFile(path)
	b.must(err)
	for name, bad := range map[string][]byte{
		"no database":      []byte("this is no database, but a text that somebody has put here"),
		"a damaged page":   append(append(bytes.Clone(good[:4096]), bytes.Repeat([]byte{0xa5}, 4096)...), good[8192:]...),
		"a truncated file": good[:len(good)/2],
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			b.T = t
			b.must(os.WriteFile(path, bad, 0o600))
			b.refuses(path, "is damaged; put a copy of it in its place")
			if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, bad) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
	b.T = t
	b.must(os.WriteFile(path, good, 0o600))
	b.mustStart()
	b.settle()
}

func TestWithoutTheKeyOfItsSecretsItSaysWhatToDo(t *testing.T) {
	b := served(t)
	key := filepath.Join(b.data, "secret.key")
	b.must(os.Rename(key, key+".away"))
	b.refuses("secret.key", "is missing, and 1 secrets of services are sealed with it; put a copy of it in its place")
	b.must(os.Rename(key+".away", key))
	b.mustStart()
	b.settle()
	b.deleteService("s0")
	b.kill()
	b.must(os.Remove(key)) // it has sealed nothing that is still there
	b.mustStart()
	b.settle()
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a new key: %v, %v", info, err)
	}
}

// A version that is not what it was costs its own endpoint only, and is healed
// by the same upload.
func TestADamagedVersionCostsItsEndpointOnly(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"missing": os.Remove,
		"empty":   func(path string) error { return os.Truncate(path, 0) },
		"header":  func(path string) error { return os.Truncate(path, 100) },
		"half":    func(path string) error { return os.Truncate(path, 8000) },
		"most":    func(path string) error { return os.Truncate(path, 14000) },
		"other bytes": func(path string) error {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = file.WriteAt(bytes.Repeat([]byte{0xcc}, 4096), 0x1000)
			return err
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			b := served(t)
			b.must(damage(filepath.Join(b.data, "versions", b.digest("version-0001")+".so")))
			b.mustStart()
			for path, want := range map[string]reply{"/e0": "503", "/e1": "version-0002"} {
				if got, err := visit(b.now.address, path); got != want {
					t.Errorf("%s answers %q, %v, and not %q", path, got, err, want)
				}
			}
			var e model.Endpoint
			b.decode("/api/v1/endpoints/e0", &e)
			status, text, err := b.ask("GET", "/readyz", "", nil)
			var ready model.Readiness
			if err != nil || json.Unmarshal(text, &ready) != nil || status != 503 || len(ready.NotReady) != 1 || ready.NotReady[0].Name != "e0" || e.Fault == "" {
				t.Errorf("fault %q, readiness %d %s, %v", e.Fault, status, text, err)
			}
			b.upload("e0", "version-0001")
			b.deploy("e0", "version-0001")
			b.settle()
		})
	}
}
