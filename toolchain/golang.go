package toolchain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// compileGo lets the go command build a copy of the module as a C library. In
// the copy's go.mod the SDK is replaced by the unpacked one.
func (j *job) compileGo(ctx context.Context) (string, error) {
	program, err := j.find("the go command", goHint, "go")
	if err != nil {
		return "", err
	}
	compiler, err := j.cCompiler() // cgo needs one
	if err != nil {
		return "", err
	}
	s, err := j.stage(ctx, []string{"go.sum"}, nil)
	if err != nil {
		return "", err
	}
	defer s.unlock()
	run := command{dir: s.src, name: program, env: j.goEnv(compiler)}
	if j.request.Confined {
		if run.access, err = j.goAccess(ctx, program, compiler); err != nil {
			return "", err
		}
		run.access.write = append(run.access.write, s.src)
	}
	if err := j.replaceSDK(ctx, run); err != nil {
		return "", err
	}
	product := filepath.Join(j.temp, "handler"+Extension())
	run.args = []string{"build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w", "-o", product, "."}
	return product, j.run(ctx, run)
}

func (j *job) goEnv(compiler []string) []string {
	env := []string{
		"CC=" + strings.Join(compiler, " "),
		"CGO_ENABLED=1",
		"GOFLAGS=-mod=mod",  // go.sum of the copy may be completed
		"GOTOOLCHAIN=local", // no download of another Go
		"GOWORK=off",        // the copy is not part of the user's workspace
		"GO111MODULE=on",
	}
	goCache, goModCache := j.config.GoCache, j.config.GoModCache
	if _, err := os.UserHomeDir(); err != nil { // a service without a home
		if goCache == "" && os.Getenv("GOCACHE") == "" {
			goCache = filepath.Join(j.config.CacheDir, "go-build")
		}
		if goModCache == "" && os.Getenv("GOMODCACHE") == "" && os.Getenv("GOPATH") == "" {
			goModCache = filepath.Join(j.config.CacheDir, "go-mod")
		}
	}
	if goCache != "" {
		env = append(env, "GOCACHE="+goCache)
	}
	if goModCache != "" {
		env = append(env, "GOMODCACHE="+goModCache)
	}
	if j.config.Offline {
		env = append(env, "GOPROXY=off")
	}
	return env
}

// replaceSDK edits the copy's go.mod: the SDK is the unpacked one, and what
// the user replaced by folders outside is found from the copy too.
func (j *job) replaceSDK(ctx context.Context, run command) error {
	var text bytes.Buffer
	run.args = []string{"mod", "edit", "-json"}
	run.stdout = &text
	if err := j.run(ctx, run); err != nil {
		return err
	}
	type version struct{ Path, Version string }
	var file struct {
		Require []version
		Replace []struct{ Old, New version }
	}
	if err := json.Unmarshal(text.Bytes(), &file); err != nil {
		return fmt.Errorf("read go.mod as JSON: %w", err)
	}
	run.stdout = nil
	run.args = []string{"mod", "edit"}
	required := false
	for _, r := range file.Require {
		required = required || r.Path == sdkModule
	}
	if !required {
		run.args = append(run.args, "-require="+sdkModule+"@v0.0.0")
	}
	for _, r := range file.Replace {
		old := r.Old.Path
		if r.Old.Version != "" {
			old += "@" + r.Old.Version
		}
		if r.Old.Path == sdkModule {
			run.args = append(run.args, "-dropreplace="+old)
		} else if absolute, leaves := outside(j.dir, r.New.Path); leaves && r.New.Version == "" {
			run.args = append(run.args, "-replace="+old+"="+absolute)
		}
	}
	run.args = append(run.args, "-replace="+sdkModule+"="+j.goDir())
	return j.run(ctx, run)
}
