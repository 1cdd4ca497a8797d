package datadir

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func opened(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestALibraryIsKeptUnderItsDigest(t *testing.T) {
	d := opened(t)
	library := write(t, filepath.Join(t.TempDir(), "lib.so"), "code")
	for range 2 {
		path, digest, err := d.Keep(library)
		if err != nil || digest != digestOf("code") || path != filepath.Join(d.versions(), digest+".so") {
			t.Fatal(path, digest, err)
		}
		if content, err := os.ReadFile(path); string(content) != "code" {
			t.Fatal(string(content), err)
		}
	}
}

// What is among the versions stays the file that it is, and is not read: what
// is in it here shows that.
func TestAVersionIsNotCopiedAgain(t *testing.T) {
	d := opened(t)
	name := digestOf("something else")
	version := write(t, filepath.Join(d.versions(), name+".so"), "code")
	before, err := os.Stat(version)
	if err != nil {
		t.Fatal(err)
	}
	path, digest, err := d.Keep(version)
	if err != nil || path != version || digest != name {
		t.Fatal(path, digest, err)
	}
	after, err := os.Stat(version)
	if err != nil || !os.SameFile(before, after) {
		t.Error("it is another file now", err)
	}
	if entries, _ := os.ReadDir(d.versions()); len(entries) != 1 {
		t.Errorf("%d files are there", len(entries))
	}
}

func TestOnlyANameThatIsADigestAmongTheVersionsIsBelieved(t *testing.T) {
	d := opened(t)
	wrong := digestOf("something else")
	real := digestOf("code")
	outside := filepath.Join(t.TempDir(), wrong+".so")
	linked := filepath.Join(d.versions(), digestOf("a link")+".so")
	if err := os.Symlink(write(t, outside, "code"), linked); err != nil {
		t.Skip("no links here: ", err)
	}
	for _, library := range []string{
		outside, linked,
		write(t, filepath.Join(d.versions(), "lib.so"), "code"),
		write(t, filepath.Join(d.versions(), strings.ToUpper(wrong)+".so"), "code"),
		write(t, filepath.Join(d.versions(), wrong[:40]+".so"), "code"),
	} {
		if path, digest, err := d.Keep(library); err != nil || digest != real || path != filepath.Join(d.versions(), real+".so") {
			t.Errorf("%s: %s, %s, %v", library, path, digest, err)
		}
	}
	if _, _, err := d.Keep(filepath.Join(d.versions(), digestOf("missing")+".so")); err == nil {
		t.Error("a version that is not there was kept")
	}
}
