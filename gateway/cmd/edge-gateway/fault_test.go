//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSigtermDuringTheFirstBuildExitsWithoutAnError(t *testing.T) {
	dir, config := project(t)
	bin := t.TempDir()
	started := filepath.Join(dir, "started")
	// A compiler that says it was started, and then takes its time.
	compiler := write(t, filepath.Join(bin, "slow"), "#!/bin/sh\n: >"+started+"\nsleep 60\n")
	if err := os.Chmod(compiler, 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, []string{"CC=" + compiler}, "serve", "--config", config, "--listen", "127.0.0.1:0")
	within(t, 20*time.Second, "the compiler runs", func() bool { _, err := os.Stat(started); return err == nil })
	p.stop(t)
}

// An endpoint that cannot be served costs the others nothing, neither at the
// start nor when they are edited or the configuration is read again.
func TestEndpointAtFaultDoesNotHoldUpTheOthers(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.so")
	write(t, broken, "no library")
	for _, test := range []struct{ name, endpoint string }{
		{"a library that does not load", "library = " + `"` + broken + `"`},
		{"a source that does not compile", "source = \"bad\""},
		{"a source whose handler refuses to start", "source = \"refuses\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, code := range map[string]string{
				"good": helloInC, "bad": "this is no C\n",
				"refuses": helloInC + "int32_t handler_init(const eg_host *host, const eg_init *init, void **self) { (void)host; (void)init; (void)self; return EG_E_INTERNAL; }\n",
			} {
				if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, name, "hello.c"), code)
			}
			good := "[[endpoint]]\nname = \"good\"\npath = \"/\"\nsource = \"good\"\n"
			fault := "[[endpoint]]\nname = \"fault\"\npath = \"/fault\"\n" + test.endpoint + "\n"
			config := write(t, filepath.Join(dir, "edge-gateway.toml"), good+fault)
			p := serve(t, nil, "--config", config, "--watch", "--no-access-log")
			if status, _ := p.ask(t, "GET", "/fault", ""); status != 503 {
				t.Errorf("the endpoint at fault answers %d", status)
			}
			write(t, filepath.Join(dir, "good", "hello.c"), strings.Replace(helloInC, "first", "second", 1))
			within(t, 10*time.Second, "the edited handler answers", func() bool {
				_, body := p.ask(t, "GET", "/", "")
				return body == "second"
			})
			write(t, config, strings.Replace(good, `"/"`, `"/moved"`, 1)+fault)
			if err := p.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			within(t, 10*time.Second, "the moved route answers", func() bool {
				status, _ := p.ask(t, "GET", "/moved", "")
				return status == 200
			})
			p.stop(t)
		})
	}
}
