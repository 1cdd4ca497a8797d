package toolchain

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// goPaths are where the go command keeps things. It is asked once, since its
// settings may come from a file of its own.
type goPaths struct {
	mu    sync.Mutex
	known bool

	GOROOT, GOENV, GOCACHE, GOMODCACHE, GOPATH string
}

// goAccess is what the go command needs. It runs nothing of the module, so it
// may write into caches that other builds use.
func (j *job) goAccess(ctx context.Context, program string, compiler []string) (access, error) {
	p := &j.goPaths
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known {
		cmd := exec.CommandContext(ctx, program, "env", "-json", "GOROOT", "GOENV", "GOCACHE", "GOMODCACHE", "GOPATH")
		cmd.Dir = j.temp // no module here
		cmd.Env = scrub(os.Environ(), j.goEnv(compiler)...)
		text, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(text, p)
		}
		if err != nil {
			return access{}, fmt.Errorf("go env: %w", err)
		}
		p.known = true
	}
	write := []string{p.GOCACHE, p.GOMODCACHE}
	if paths := filepath.SplitList(p.GOPATH); len(paths) > 0 {
		write = append(write, filepath.Join(paths[0], "pkg", "sumdb"))
	}
	for _, dir := range write { // what is not there cannot be allowed
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return access{}, err
		}
	}
	return access{read: []string{p.GOROOT, p.GOENV}, write: write, network: !j.config.Offline}, nil
}
