package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Kept is how many crashes a log has: the last ones.
const Kept = 50

// Log keeps crashes in files of a folder, each with what the runtime wrote. Its
// methods are safe for use from many goroutines.
type Log struct {
	dir string

	mu  sync.Mutex
	all []model.Crash // the oldest first
}

// entry is a file of the log.
type entry struct {
	model.Crash
	Output string `json:"output"` // of the runtime
}

const extension = ".json"

// OpenLog opens the log in a folder, and makes it where it is missing.
func OpenLog(dir string) (*Log, error) {
	if err := durable.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("open the log of crashes: %w", err)
	}
	if err := durable.RemoveLeftovers(dir, 0); err != nil {
		return nil, fmt.Errorf("open the log of crashes: %w", err)
	}
	l := &Log{dir: dir}
	names, err := filepath.Glob(filepath.Join(dir, "*"+extension))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the log of crashes: %w", err)
		}
		var e entry
		if err := json.Unmarshal(content, &e); err != nil || e.ID != strings.TrimSuffix(filepath.Base(name), extension) {
			continue // somebody has edited it
		}
		l.all = append(l.all, e.Crash)
	}
	return l, nil
}

// Add keeps a crash, which gets its ID.
func (l *Log) Add(c model.Crash, output []byte) (model.Crash, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.ID = c.At.UTC().Format("20060102T150405.000000")
	if n := len(l.all); n > 0 && l.all[n-1].ID >= c.ID { // in the same microsecond, or the clock was set back
		c.ID = l.all[n-1].ID + "x"
	}
	l.all = append(l.all, c)
	err := l.write(c, output)
	for len(l.all) > Kept {
		_ = os.Remove(filepath.Join(l.dir, l.all[0].ID+extension)) // it may have been tidied away
		l.all = slices.Delete(l.all, 0, 1)
	}
	return c, err
}

func (l *Log) write(c model.Crash, output []byte) error {
	content, err := json.MarshalIndent(entry{c, strings.ToValidUTF8(string(output), "?")}, "", "  ")
	if err == nil {
		err = durable.WriteFile(l.dir, c.ID+extension, append(content, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep a crash: %w", err)
	}
	return nil
}

// All lists the crashes, the newest first.
func (l *Log) All() []model.Crash {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.all)
	slices.Reverse(all)
	return all
}
