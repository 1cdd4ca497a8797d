package inspect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The ABI that a library has to carry, as "MAJOR.MINOR".
const ABI = "0.2"

// Why a library would not load or would not be a handler.
var (
	ErrSystem     = errors.New("built for another system")
	ErrNotLibrary = errors.New("not a shared library")
	ErrExports    = errors.New("not a handler")
	ErrABI        = errors.New("built for another version of the ABI")
	ErrUnsafe     = errors.New("not safe to load")
)

// Target is the system that a library is to be loaded on.
type Target struct {
	OS, Arch string // as GOOS and GOARCH
	Libc     string // linux: glibc or musl; "" is not checked
	Glibc    string // its version, "2.36"; "" is not checked
	ABI      string // "0.2"
}

// Check tells whether the library would load on target and be a handler there:
// nil, or all Problems joined.
func (r *Report) Check(target Target) error {
	return errors.Join(r.Problems(target)...)
}

// Problems lists what stands against the library on target. Each wraps one of
// the errors above and says what is wrong and what to do. Later ones are left
// out where an earlier one makes them meaningless.
func (r *Report) Problems(target Target) []error {
	if format := formatOf(target.OS); r.Format != format || r.OS != target.OS {
		return []error{fmt.Errorf("%w: it is %s for %s and this gateway runs on %s: compile it for %s/%s",
			ErrSystem, r.Format, r.OS, target.OS, target.OS, target.Arch)}
	}
	slice := r.slice(target.Arch)
	if slice == nil || slice.Arch != target.Arch {
		return []error{fmt.Errorf("%w: it is for %s and this gateway runs on %s: compile it for %s/%s",
			ErrSystem, r.Arch, target.Arch, target.OS, target.Arch)}
	}
	if slice.Kind != Library {
		return []error{fmt.Errorf("%w: it is %s: link it with -shared (Go: -buildmode=c-shared, Rust: crate-type cdylib)",
			ErrNotLibrary, slice.Kind)}
	}
	var problems []error
	for _, check := range []func(Target) error{
		slice.checkLibc, slice.checkGo, slice.checkExports, slice.checkABI, slice.checkMemory,
	} {
		if err := check(target); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
}

func formatOf(system string) string {
	switch system {
	case "windows":
		return PE
	case "darwin", "ios":
		return MachO
	}
	return ELF
}

func (r *Report) checkLibc(target Target) error {
	if r.Libc != "" && target.Libc != "" && r.Libc != target.Libc {
		return fmt.Errorf("%w: it needs the C library %s and this gateway runs on %s: compile it for %s",
			ErrSystem, r.Libc, target.Libc, target.Libc)
	}
	if r.Glibc != "" && target.Glibc != "" && laterVersion(r.Glibc, target.Glibc) {
		return fmt.Errorf("%w: it needs glibc %s and this system has %s: compile it on this system or an older one",
			ErrSystem, r.Glibc, target.Glibc)
	}
	return nil
}

// checkGo refuses a second Go runtime where it is not known to work beside the
// gateway's own.
func (r *Report) checkGo(target Target) error {
	if !r.Go || target.OS == "linux" && target.Libc != "musl" {
		return nil
	}
	system := target.OS
	if target.Libc != "" {
		system += " with " + target.Libc
	}
	return fmt.Errorf("%w: it is written in Go, and a Go library works beside the gateway on linux with glibc only, not on %s: "+
		"use C or Rust here, or embed the gateway in your Go program", ErrSystem, system)
}

func (r *Report) checkExports(Target) error {
	const required = 2
	missing := make([]string, 0, required)
	for _, name := range []string{"handler_entry", "handler_info"} {
		if slices.Contains(r.HandlerData, name) {
			return fmt.Errorf("%w: it exports %s as data: define it as a function", ErrExports, name)
		}
		if !slices.Contains(r.Handler, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	names := strings.Join(missing, " and ")
	if r.Exports == 0 {
		return fmt.Errorf("%w: it exports nothing and needs to export %s: use the macros of the SDK, or mark them EG_EXPORT",
			ErrExports, names)
	}
	return fmt.Errorf("%w: it does not export %s among its %d symbols: use the macros of the SDK, or mark them EG_EXPORT",
		ErrExports, names, r.Exports)
}

// checkABI reads the mark in the export table. A library without one is asked
// by its handler_info after loading.
func (r *Report) checkABI(target Target) error {
	if len(r.ABI) == 0 || slices.Contains(r.ABI, target.ABI) {
		return nil
	}
	return fmt.Errorf("%w: it has %s and this gateway has %s: compile it again with the SDK of this gateway",
		ErrABI, strings.Join(r.ABI, ", "), target.ABI)
}

func (r *Report) checkMemory(Target) error {
	switch {
	case r.TextRel:
		return fmt.Errorf("%w: it relocates its code, which would have to be writable: compile all of it with -fPIC", ErrUnsafe)
	case r.ExecStack:
		return fmt.Errorf("%w: it wants the stacks of the whole process executable: link it with -z noexecstack", ErrUnsafe)
	}
	return nil
}
