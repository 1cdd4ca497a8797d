package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// project is what is to be deployed.
type project struct {
	path    string
	library bool
	// spec is what the project's own configuration file says of its endpoint,
	// for the case that there is no such endpoint yet.
	spec model.EndpointSpec
}

func openProject(path string) (project, error) {
	p := project{path: path}
	info, err := stat(path)
	if err != nil {
		return p, err
	}
	switch filepath.Ext(path) {
	case ".so", ".dylib", ".dll":
		p.library = true
	case ".c":
	default:
		if !info.IsDir() {
			return p, fmt.Errorf("%q is neither a folder, a library (%s) nor a C file", path, toolchain.Extension())
		}
	}
	base := filepath.Base(path)
	if !info.IsDir() {
		p.spec.Name = toolchain.ProjectName(strings.TrimSuffix(base, filepath.Ext(base)))
		return p, nil
	}
	p.spec.Name = toolchain.ProjectName(base)
	return p, p.readFile()
}

// readFile takes the endpoint of the project's file that has this folder for
// its source, if there is one.
func (p *project) readFile() error {
	file, err := config.Load(filepath.Join(p.path, "edge-gateway.toml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var own []config.Endpoint
	for _, e := range file.Endpoints {
		if same(e.Source, p.path) {
			own = append(own, e)
		}
	}
	if len(own) != 1 {
		return nil
	}
	e := own[0]
	p.spec = model.EndpointSpec{
		Name: e.Name, Domain: e.Domain, Path: e.Path, Methods: e.Methods, Config: e.Config, Services: e.Services,
		Limits: model.Limits{Timeout: model.Duration(e.Timeout), MaxBody: e.MaxBody, MaxConcurrency: e.MaxConcurrency, MaxNative: e.MaxNative, MaxStuck: e.MaxStuck, Rate: e.Rate, Burst: e.Burst},
	}
	return nil
}

// stat says in a sentence that there is nothing at a path.
func stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file or folder %q", path)
	}
	return info, err
}

func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// build compiles the project here, and tells the library.
func (p *project) build(ctx context.Context) (library string, err error) {
	if p.library {
		return p.path, nil
	}
	dir, remove, err := p.folder()
	if err != nil {
		return "", err
	}
	defer remove()
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory for the compiler: %w", err)
	}
	builder, err := toolchain.New(toolchain.Config{CacheDir: filepath.Join(user, "edge-gateway")})
	if err != nil {
		return "", err
	}
	language, err := toolchain.Detect(dir)
	if err != nil {
		return "", refusal{err}
	}
	say("Compiling %s (%s)", p.path, language)
	built, err := builder.Build(ctx, dir)
	var failed *toolchain.BuildError
	switch {
	case errors.As(err, &failed):
		fmt.Fprint(os.Stderr, indented(failed.Output))
		return "", refusal{err}
	case err != nil:
		return "", err
	}
	fmt.Fprint(os.Stderr, indented(built.Output))
	say("Compiled in %.2f s: %s", built.Duration.Seconds(), short(built.Digest))
	return built.Path, nil
}

// folder is the source folder; of a single file, one made for it. Its name
// stays the same, so that the compiler's cache is found again.
func (p *project) folder() (dir string, remove func(), err error) {
	if filepath.Ext(p.path) != ".c" {
		return p.path, func() {}, nil
	}
	text, err := os.ReadFile(p.path)
	if err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp("", "edge-gateway-deploy-")
	if err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, os.WriteFile(filepath.Join(dir, filepath.Base(p.path)), text, 0o600)
}

// pack makes a tar of the source.
func (p *project) pack() (*bytes.Buffer, error) {
	dir, remove, err := p.folder()
	if err != nil {
		return nil, err
	}
	defer remove()
	var b bytes.Buffer
	if _, err := archive.Pack(&b, dir); err != nil {
		return nil, fmt.Errorf("pack %q: %w", p.path, err)
	}
	return &b, nil
}
