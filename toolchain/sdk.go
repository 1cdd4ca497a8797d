package toolchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/edge-gateway/edge-gateway/abi"
	sdkc "github.com/edge-gateway/edge-gateway/sdk-c"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	sdkrust "github.com/edge-gateway/edge-gateway/sdk-rust"
)

// sdkModule is the Go SDK's import path. In this repository it is a package
// like any other; unpacked it is a module of its own, so that a handler does
// not get the gateway's dependencies.
const sdkModule = "github.com/edge-gateway/edge-gateway/sdk-go"

// Folders of the unpacked SDKs.
func (t *Toolchain) includeDir() string { return filepath.Join(t.sdk, "include") }
func (t *Toolchain) rustDir() string    { return filepath.Join(t.sdk, "rust") }
func (t *Toolchain) goDir() string      { return filepath.Join(t.sdk, "go") }

// sdkFiles is what gets unpacked: content by slash-separated name.
func sdkFiles() (map[string][]byte, error) {
	files := map[string][]byte{
		"go/go.mod": []byte("module " + sdkModule + "\n\ngo 1.26\n"),
	}
	for _, part := range []struct {
		prefix string
		source fs.FS
	}{
		{"include", abi.Headers}, {"include", sdkc.Files}, {"rust", sdkrust.Files}, {"go", edge.Files},
		{"go/include", abi.Headers}, // package export includes them from beside its own folder
	} {
		err := fs.WalkDir(part.source, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if entry.Name() == "embed.go" || strings.HasSuffix(name, "_test.go") {
				return nil // of use in this repository alone
			}
			files[path.Join(part.prefix, name)], err = fs.ReadFile(part.source, name)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read embedded SDK: %w", err)
		}
	}
	return files, nil
}

// unpackSDK puts the SDKs into a folder of `root` named by their content and
// returns it. Gateways of other versions and processes that unpack at the same
// time do not disturb each other: a folder appears whole and never changes.
func unpackSDK(root string) (string, error) {
	files, err := sdkFiles()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, contentHash(files))
	if unpacked(dir, files) {
		return dir, nil
	}
	if err := unpackTo(root, dir, files); err != nil {
		return "", fmt.Errorf("unpack SDK into %q: %w", dir, err)
	}
	return dir, nil
}

func contentHash(files map[string][]byte) string {
	hash := sha256.New()
	for _, name := range sortedNames(files) {
		fmt.Fprintf(hash, "%s\n%d\n", name, len(files[name]))
		hash.Write(files[name])
	}
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// unpacked tells whether dir holds the files, byte for byte: a machine that
// went down at the wrong moment may have left them empty.
func unpacked(dir string, files map[string][]byte) bool {
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			return false
		}
	}
	return true
}

func unpackTo(root, dir string, files map[string][]byte) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	unlock, err := lock(context.Background(), filepath.Join(root, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if unpacked(dir, files) { // by whoever had the lock before
		return nil
	}
	// What a process that was killed at this left behind.
	left, _ := filepath.Glob(filepath.Join(root, ".new-*"))
	for _, dir := range left {
		os.RemoveAll(dir)
	}
	temp, err := os.MkdirTemp(root, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	fresh := filepath.Join(temp, "fresh")
	for _, name := range sortedNames(files) {
		target := filepath.Join(fresh, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil {
			return err
		}
	}
	// A damaged folder has to make way: a rename does not replace it.
	if err := os.Rename(dir, filepath.Join(temp, "damaged")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(fresh, dir)
}

func sortedNames(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
