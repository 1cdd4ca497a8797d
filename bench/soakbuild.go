package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildVersions compiles both versions of every endpoint, each source once.
func (s *soak) buildVersions() error {
	built := map[string][2]string{}
	for _, e := range s.endpoints {
		libraries, found := built[e.source]
		if !found {
			for i, name := range versionNames {
				library, err := s.buildVersion(e, name)
				if err != nil {
					return err
				}
				libraries[i] = library
			}
			built[e.source] = libraries
		}
		e.libraries = libraries
	}
	return nil
}

// buildVersion compiles one. Its source is always at the same place, by which
// compilers find what they have from the last run.
func (s *soak) buildVersion(e *soaked, name string) (library string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "edge-gateway-soak", name, e.name)
	found := false
	tree := os.DirFS(filepath.Join(s.f.root, e.source))
	err = fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		to := filepath.Join(folder, path)
		if err != nil || entry.IsDir() {
			return errors.Join(err, os.MkdirAll(to, 0o700))
		}
		text, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		if path == e.file {
			found = bytes.Contains(text, []byte(e.text))
			text = bytes.ReplaceAll(text, []byte(e.text), []byte(strings.ReplaceAll(e.replaced, "{v}", name)))
		}
		return os.WriteFile(to, text, 0o600)
	})
	if err == nil && !found {
		err = fmt.Errorf("%s/%s does not have the text %q, by which its versions are told", e.source, e.file, e.text)
	}
	if err != nil {
		return "", err
	}
	return s.compile(folder, filepath.Join(s.f.dir, name+"-"+e.name+".so"))
}

// compile builds a folder into a library.
func (s *soak) compile(folder, library string) (string, error) {
	said, err := exec.Command(s.f.binary, "build", folder, "-o", library).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w: %s", folder, err, said)
	}
	return library, nil
}
