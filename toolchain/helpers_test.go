package toolchain_test

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

// need skips a test for which a program is missing, or fails it where
// everything has to be there.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			lack(t, fmt.Sprintf("%s is not installed", program))
		}
	}
}

func lack(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// programs that a language needs.
var programs = map[toolchain.Language][]string{
	toolchain.C:    {"cc"},
	toolchain.Rust: {"cargo", "cc"},
	toolchain.Go:   {"go", "cc"},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newToolchain(t *testing.T, config toolchain.Config) *toolchain.Toolchain {
	t.Helper()
	if config.CacheDir == "" {
		config.CacheDir = t.TempDir()
	}
	tc, err := toolchain.New(config)
	must(t, err)
	return tc
}

// project makes a folder of the files, given as name and content by turns.
func project(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		write(t, filepath.Join(dir, files[i]), files[i+1])
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o644))
}

// template makes a project as `new` does.
func template(t *testing.T, language toolchain.Language) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "greet")
	must(t, toolchain.Create(language, dir, ""))
	return dir
}

// listing is all that is in a folder: names, sizes, times, content.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprint(path, info.Mode(), info.ModTime().UnixNano())
		if !entry.IsDir() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += string(content)
		}
		all = append(all, line)
		return nil
	}))
	return all
}

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func fileDigest(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// exports are the symbols a library shows, where the format is ELF.
func exports(t *testing.T, path string) []string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("libraries here are not ELF")
	}
	file, err := elf.Open(path)
	must(t, err)
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	must(t, err)
	var all []string
	for _, symbol := range symbols {
		if symbol.Section != elf.SHN_UNDEF {
			all = append(all, symbol.Name)
		}
	}
	slices.Sort(all)
	return all
}

func checkHandler(t *testing.T, library *toolchain.Library) {
	t.Helper()
	if got := fileDigest(t, library.Path); got != library.Digest {
		t.Errorf("digest %s, the file's is %s", library.Digest, got)
	}
	if name := filepath.Base(library.Path); name != library.Digest+toolchain.Extension() {
		t.Errorf("library is called %s", name)
	}
	shown := exports(t, library.Path)
	for _, symbol := range []string{"handler_info", "handler_entry"} {
		if !slices.Contains(shown, symbol) {
			t.Errorf("%s is not exported: %v", symbol, shown)
		}
	}
}

// fakeCompiler puts a shell script first on the PATH as cc.
func fakeCompiler(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the compiler is a shell script")
	}
	bin := t.TempDir()
	must(t, os.WriteFile(filepath.Join(bin, "cc"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	t.Setenv("CC", "")
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in: %s", part, text)
		}
	}
}

const plainC = `#include "edge_gateway.h"
static const eg_info info = {sizeof info, EG_ABI_MAJOR, EG_ABI_MINOR, 0, sizeof(void *), 0, {0}, {0}, {0}, {0}};
const eg_info *handler_info(void) { return &info; }
int32_t helper(void) { return EG_OK; }
int32_t handler_entry(const eg_host *host, const eg_request *request, eg_response *response) {
  (void)host; (void)request; (void)response;
  return helper();
}
`
