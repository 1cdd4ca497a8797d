package toolchain_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

func unpackedSDK(t *testing.T, cache string) string {
	t.Helper()
	var found []string
	for _, name := range names(t, filepath.Join(cache, "sdk")) {
		if name != "lock" {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		t.Fatalf("in the SDK folder: %v, want one folder", found)
	}
	return filepath.Join(cache, "sdk", found[0])
}

func TestSDKIsUnpackedWhole(t *testing.T) {
	cache := t.TempDir()
	newToolchain(t, toolchain.Config{CacheDir: cache})
	dir := unpackedSDK(t, cache)
	header, err := os.ReadFile(filepath.Join(dir, "include", "edge_gateway.h"))
	must(t, err)
	contains(t, string(header), "handler_entry")
	for _, name := range []string{"include/edge_gateway_sdk.h", "rust/Cargo.toml", "rust/src/lib.rs", "go/go.mod", "go/handler.go", "go/export/doc.go", "go/include/edge_gateway.h"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.go") || entry.Name() == "embed.go" {
			t.Errorf("%s is of no use to a handler", path)
		}
		return err
	}))
}

func TestSDKIsUnpackedOnceByManyAtOnce(t *testing.T) {
	cache := t.TempDir()
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if _, err := toolchain.New(toolchain.Config{CacheDir: cache}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	before := listing(t, unpackedSDK(t, cache))
	newToolchain(t, toolchain.Config{CacheDir: cache})
	if !slices.Equal(before, listing(t, unpackedSDK(t, cache))) {
		t.Error("an unpacked SDK was written again")
	}
}

func TestDamagedSDKIsUnpackedAgain(t *testing.T) {
	for name, damage := range map[string]func(header string) error{
		"emptied": func(header string) error { return os.WriteFile(header, nil, 0o644) },
		"deleted": os.Remove,
		"other":   func(header string) error { return os.WriteFile(header, []byte("#error\n"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			cache := t.TempDir()
			newToolchain(t, toolchain.Config{CacheDir: cache})
			header := filepath.Join(unpackedSDK(t, cache), "include", "edge_gateway.h")
			want := fileDigest(t, header)
			must(t, damage(header))
			newToolchain(t, toolchain.Config{CacheDir: cache})
			if unpackedSDK(t, cache) == "" || fileDigest(t, header) != want {
				t.Error("the header was not put right")
			}
		})
	}
}
