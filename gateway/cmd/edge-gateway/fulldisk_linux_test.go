package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// onDisk gives a box a disk of its own.
func (b *box) onDisk(size string) {
	b.Helper()
	b.must(os.Mkdir(b.data, 0o700))
	if err := syscall.Mount("tmpfs", b.data, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" && os.Getuid() == 0 {
			b.Fatalf("mount: %v", err)
		}
		b.Skipf("a file system cannot be mounted: %v", err)
	}
	b.Cleanup(func() {
		if b.now != nil {
			b.kill()
		}
		if err := syscall.Unmount(b.data, syscall.MNT_DETACH); err != nil {
			b.Errorf("unmount: %v", err)
		}
	})
}

// fill leaves no room on the disk of the box until free is called.
func (b *box) fill() (free func()) {
	b.Helper()
	name := filepath.Join(b.data, "logs", "ballast")
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	b.must(err)
	defer file.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		b.Fatal(err)
	}
	return func() { b.must(os.Remove(name)) }
}

// A change for which there is no room on the disk is refused with a sentence and
// leaves nothing; what serves stays; when there is room it goes on.
func TestAFullDiskRefusesChangesAndServes(t *testing.T) {
	b := newBox(t)
	b.onDisk("16m")
	b.mustStart()
	b.createEndpoint("e0")
	b.upload("e0", "version-0001")
	b.upload("e0", "version-0002")
	b.deploy("e0", "version-0001")
	b.putSource("e0", "source-0001")
	deploy, err := json.Marshal(map[string]string{"version": b.digest("version-0002")})
	b.must(err)
	big := append(b.library("version-0003"), make([]byte, 64<<10)...)
	refused := func() {
		t.Helper()
		for _, change := range []struct {
			method, path, kind string
			body               []byte
		}{
			{"POST", "/endpoints/e0/versions", bytesBody, big},
			{"POST", "/endpoints/e0/deploy", jsonBody, deploy},
			{"PUT", "/endpoints/e0/source?filename=a.c", bytesBody, big},
			{"POST", "/endpoints", jsonBody, []byte(`{"name":"e1","path":"/e1","config":{"much":"` + strings.Repeat("x", 60_000) + `"}}`)},
		} {
			status, answer, err := b.ask(change.method, "/api/v1"+change.path, change.kind, change.body)
			if err != nil || status != 503 || !strings.Contains(string(answer), "disk") || !strings.Contains(string(answer), "full") {
				t.Errorf("%s %s: %d %s, %v", change.method, change.path, status, answer, err)
			}
		}
	}
	free := b.fill()
	refused()
	b.checkAnswers()
	b.kill()
	b.mustStart()
	refused()
	b.checkAnswers()
	free()
	b.settle()
	b.upload("e0", "version-0003")
	b.deploy("e0", "version-0003")
	b.build("e0", true)
	b.settle()
	b.stop()
}
