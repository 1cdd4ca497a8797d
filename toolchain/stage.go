package toolchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/tree"
)

// A stage is a copy of a source folder in the cache, together with what the
// compiler keeps for the next build of it. cargo and go write beside their
// sources (lock files, build products); so they work on the copy, and an edit
// during a build does not reach it.
type stage struct {
	src    string // the copy
	target string // the compiler's; kept between builds
	unlock func()
}

// stage brings the copy of the job's folder up to date and locks it until
// unlock is called. Files of which the content is the same stay untouched and
// keep their time, others get the present time: compilers go by it, and an
// editor may well save a new content with an old time. Files named in
// `generated` stay if the source has none of that name. `replace` gives other
// content to files of the top folder.
func (j *job) stage(ctx context.Context, generated []string, replace map[string]func([]byte) []byte) (*stage, error) {
	project := j.dir
	if j.request.Stage != "" {
		project = j.request.Stage
	}
	key := sha256.Sum256([]byte(project))
	root := filepath.Join(j.stageRoot(), fmt.Sprintf("%s-%x", stageName(project), key[:6]))
	s := &stage{src: filepath.Join(root, "src"), target: filepath.Join(root, "target")}
	unlock, err := lockStage(ctx, root)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{s.src, s.target} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			unlock()
			return nil, err
		}
	}
	s.unlock = unlock
	j.measure = append(j.measure, s.src, s.target)
	if err := s.update(j.dir, j.config.Exclude, generated, replace); err != nil {
		unlock()
		return nil, fmt.Errorf("copy source: %w", err)
	}
	return s, nil
}

// lockStage locks a stage, which need not exist, and marks it as used now.
func lockStage(ctx context.Context, root string) (unlock func(), err error) {
	file := filepath.Join(root, stageLock)
	for {
		if err := os.MkdirAll(root, 0o755); err != nil {
			return nil, err
		}
		unlock, err := lock(ctx, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed in between
		}
		if err == nil {
			now := time.Now()
			_ = os.Chtimes(file, now, now)
		}
		return unlock, err
	}
}

// stageLock is locked as long as a stage is worked on, and has the time of its
// last use.
const stageLock = "lock"

// stageName is for people who look into the cache.
func stageName(project string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, filepath.Base(project))
}

func (s *stage) update(dir string, exclude, generated []string, replace map[string]func([]byte) []byte) error {
	list, err := tree.List(dir, exclude)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, name := range list.Dirs {
		wanted[name] = true
	}
	for _, file := range list.Files {
		wanted[file.Name] = true
	}
	for _, name := range list.Links {
		wanted[name] = true
	}
	for _, name := range generated {
		wanted[name] = true
	}
	if err := s.removeOthers(wanted); err != nil {
		return err
	}
	for _, name := range list.Dirs {
		if err := s.makeDir(name); err != nil {
			return err
		}
	}
	for _, file := range list.Files {
		content, err := os.ReadFile(filepath.Join(dir, file.Name))
		if errors.Is(err, fs.ErrNotExist) { // deleted since it was listed
			os.Remove(filepath.Join(s.src, file.Name))
			continue
		}
		if err != nil {
			return err
		}
		if change := replace[file.Name]; change != nil {
			content = change(content)
		}
		if err := s.write(file.Name, content, file.Info.Mode().Perm()|0o600); err != nil {
			return err
		}
	}
	for _, name := range list.Links {
		if err := s.link(dir, name); err != nil {
			return err
		}
	}
	return nil
}

// removeOthers deletes what is in the copy and no longer in the source.
func (s *stage) removeOthers(wanted map[string]bool) error {
	return filepath.WalkDir(s.src, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(s.src, path)
		if err != nil || wanted[name] {
			return err
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		if entry.IsDir() {
			return filepath.SkipDir
		}
		return nil
	})
}

func (s *stage) makeDir(name string) error {
	target := filepath.Join(s.src, name)
	if info, err := os.Lstat(target); err == nil && !info.IsDir() {
		if err := os.Remove(target); err != nil { // was a file
			return err
		}
	}
	return os.MkdirAll(target, 0o755)
}

func (s *stage) write(name string, content []byte, mode fs.FileMode) error {
	target := filepath.Join(s.src, name)
	info, err := os.Lstat(target)
	if err == nil && info.Mode().IsRegular() && info.Size() == int64(len(content)) && info.Mode().Perm() == mode {
		if old, err := os.ReadFile(target); err == nil && bytes.Equal(old, content) {
			return nil
		}
	}
	if err == nil { // another kind, another mode: begin anew
		if err := os.RemoveAll(target); err != nil {
			return err
		}
	}
	return os.WriteFile(target, content, mode)
}

// link makes a linked folder reachable under its name.
func (s *stage) link(dir, name string) error {
	to, err := filepath.EvalSymlinks(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	target := filepath.Join(s.src, name)
	if old, err := os.Readlink(target); err == nil && old == to {
		return nil
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return os.Symlink(to, target)
}

// outside tells whether a path relative to the source folder leaves it, and
// gives its absolute form. The copy has nothing beside it.
func outside(dir, path string) (string, bool) {
	if filepath.IsAbs(path) {
		return path, false
	}
	path = filepath.FromSlash(path)
	return filepath.Join(dir, path), !filepath.IsLocal(path)
}
