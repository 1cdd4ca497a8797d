// Package toolchain turns a folder of handler source into a handler library,
// with the compilers that are on the machine: cc, gcc or clang for C, cargo for
// Rust, go for Go. The SDKs come with this package, so that nothing else of
// Edge Gateway has to be installed.
//
// Compiling is running: build scripts and macros are programs. A build that is
// not confined is for what may run on this machine as this user; one that is
// reaches little and is bounded, see [Request] and package confine.
package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Config says where a toolchain works and what bounds it. Only CacheDir is
// required.
type Config struct {
	// CacheDir holds unpacked SDKs, staged sources, what compilers keep for
	// the next build, and the libraries. Several processes may share it.
	CacheDir string

	// Exclude lists folders that are never source although they lie in a source
	// folder, and of which confined builds see nothing, such as the gateway's
	// data directory. CacheDir always is one.
	Exclude []string

	// Readable lists what confined builds may read beside the system and the
	// compilers, such as a library in an unusual place.
	Readable []string

	Limits      Limits        // of a confined build; default 10 min CPU, 2 GiB memory, 2 GiB disk, 256 processes
	Timeout     time.Duration // of one build, waiting not counted; default 5 min
	Parallel    int           // builds at once; further ones wait; default 2
	OutputLimit int           // bytes of compiler output kept, head and tail; default 256 KiB
	Offline     bool          // never use the network: crates and modules must be cached

	// Caches of the language's own tools. Empty: the user's.
	CargoHome, GoCache, GoModCache string
}

// Library is a built handler library.
type Library struct {
	Path     string // absolute
	Digest   string // SHA-256 of the file, in lower-case hex
	Language Language
	Output   string // what the compiler printed, such as warnings; capped
	Duration time.Duration

	// Isolation lists what confined the compiler, as far as this machine has
	// it; see package confine. Empty means that nothing did.
	Isolation []string
}

// Toolchain builds handlers. Its methods may be called from many goroutines.
type Toolchain struct {
	config  Config
	slots   chan struct{}
	sdk     string // the unpacked SDKs
	goPaths goPaths
}

// New prepares a toolchain: it makes the cache directory and unpacks the SDKs.
// Compilers are looked for when they are needed.
func New(config Config) (*Toolchain, error) {
	if config.CacheDir == "" {
		return nil, fmt.Errorf("toolchain: no cache directory given")
	}
	if config.Timeout <= 0 {
		config.Timeout = 5 * time.Minute
	}
	if config.Parallel <= 0 {
		config.Parallel = 2
	}
	if config.OutputLimit <= 0 {
		config.OutputLimit = 256 << 10
	}
	config.Limits = withDefaults(config.Limits)
	for _, path := range []*string{&config.CacheDir, &config.CargoHome, &config.GoCache, &config.GoModCache} {
		if err := absolute(path); err != nil {
			return nil, err
		}
	}
	config.Exclude = append([]string{config.CacheDir}, config.Exclude...)
	for i := range config.Exclude {
		if err := absolute(&config.Exclude[i]); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(config.CacheDir, 0o755); err != nil {
		return nil, fmt.Errorf("make cache directory: %w", err)
	}
	// By the path that a confined compiler finds it under too.
	if real, err := filepath.EvalSymlinks(config.CacheDir); err == nil {
		config.CacheDir = real
	}
	t := &Toolchain{config: config, slots: make(chan struct{}, config.Parallel)}
	for _, dir := range []string{t.tempRoot(), t.libraryDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make cache directory: %w", err)
		}
	}
	t.removeLeftovers()
	sdk, err := unpackSDK(filepath.Join(config.CacheDir, "sdk"))
	if err != nil {
		return nil, err
	}
	t.sdk = sdk
	return t, nil
}

// Request is one build.
type Request struct {
	Dir string    // the source folder; nothing in it is written
	Log io.Writer // gets what the compiler prints as it comes; may be nil

	// Confined builds reach what they need and nothing else, within
	// [Config].Limits, as far as this machine can enforce it. The program has
	// to call [confine.Main] at its very beginning.
	Confined bool

	// Stage names the project, of which each build begins where the one before
	// left off. Default: the folder's path.
	Stage string
}

// Build compiles the source folder dir into a library in the cache, named by
// its digest. Nothing in dir is written. Building the same folder twice at once
// is safe; the second build waits for the first.
//
// The error is a [*BuildError] when the source is at fault or time ran out
// (then it matches [ErrTimeout]), a [*MissingError] when a program is not
// installed, and matches [ErrLanguage] when there is nothing to build.
func (t *Toolchain) Build(ctx context.Context, dir string) (*Library, error) {
	return t.BuildRequest(ctx, Request{Dir: dir})
}

// BuildRequest is [Toolchain.Build] with all that can be asked for.
func (t *Toolchain) BuildRequest(ctx context.Context, r Request) (*Library, error) {
	dir := r.Dir
	if err := absolute(&dir); err != nil {
		return nil, err
	}
	language, err := Detect(dir)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("build %q: %w", dir, err)
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("build %q: wait for other builds: %w", dir, context.Cause(ctx))
	}
	start := time.Now()
	temp, remove, err := t.makeTemp(ctx)
	if err != nil {
		return nil, fmt.Errorf("build %q: %w", dir, err)
	}
	defer remove()

	j := &job{Toolchain: t, request: r, language: language, dir: real, temp: temp, measure: []string{temp},
		output: newCapture(t.config.OutputLimit), log: live{r.Log}}
	product, err := j.compile(ctx)
	if missing := (*MissingError)(nil); errors.As(err, &missing) {
		return nil, missing
	}
	if err != nil {
		return nil, &BuildError{language, dir, j.output.String(), j.isolation, err}
	}
	path, digest, err := t.store(product)
	if err != nil {
		return nil, fmt.Errorf("build %q: %w", dir, err)
	}
	return &Library{path, digest, language, j.output.String(), time.Since(start), j.isolation}, nil
}

// BuildTo is [Toolchain.Build] with the library put at the path out as well,
// which Path of the result then names. It appears there whole or not at all.
func (t *Toolchain) BuildTo(ctx context.Context, dir, out string) (*Library, error) {
	if err := absolute(&out); err != nil {
		return nil, err
	}
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%q is a folder: name the file to write", out)
	}
	if _, err := os.Stat(filepath.Dir(out)); err != nil {
		return nil, fmt.Errorf("write library: %w", err)
	}
	library, err := t.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	if _, err := place(library.Path, filepath.Dir(out), func(string) string { return out }); err != nil {
		return nil, fmt.Errorf("write library: %w", err)
	}
	library.Path = out
	return library, nil
}

func (t *Toolchain) tempRoot() string   { return filepath.Join(t.config.CacheDir, "tmp") }
func (t *Toolchain) libraryDir() string { return filepath.Join(t.config.CacheDir, "lib") }
func (t *Toolchain) stageRoot() string  { return filepath.Join(t.config.CacheDir, "stage") }

func absolute(path *string) error {
	if *path == "" {
		return nil
	}
	abs, err := filepath.Abs(*path)
	if err != nil {
		return fmt.Errorf("make %q absolute: %w", *path, err)
	}
	*path = abs
	return nil
}

// Extension is that of a library on this system, with its dot.
func Extension() string {
	switch runtime.GOOS {
	case "darwin":
		return ".dylib"
	case "windows":
		return ".dll"
	}
	return ".so"
}
