package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// segments are the files of the log. They are numbered, and the last one is
// written to. The lock of the store guards them.
type segments struct {
	dir    string
	budget int64
	most   int64 // bytes of one segment
	all    []segment
	file   *os.File // the last of all; nil until something is written
}

// segment is one file, up to its last whole line.
type segment struct {
	number int
	path   string
	size   int64
}

const (
	suffix      = ".jsonl"
	segmentMost = 16 << 20
)

func (w *segments) open(dir string, budget int64) error {
	*w = segments{dir: dir, budget: budget, most: min(budget/8, segmentMost)}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the log: %w", err)
	}
	return w.list()
}

// list finds the segments that are there.
func (w *segments) list() error {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return fmt.Errorf("read the folder of the log: %w", err)
	}
	w.all = nil
	for _, entry := range entries {
		name, is := strings.CutSuffix(entry.Name(), suffix)
		number, err := strconv.Atoi(name)
		if !is || err != nil {
			continue // not ours
		}
		if info, err := entry.Info(); err == nil {
			w.all = append(w.all, segment{number: number, path: filepath.Join(w.dir, entry.Name()), size: info.Size()})
		}
	}
	slices.SortFunc(w.all, func(a, b segment) int { return a.number - b.number })
	return nil
}

// append writes whole lines. What it could not write is the rest.
func (w *segments) append(lines []byte) (rest []byte, err error) {
	for len(lines) > 0 {
		if w.file == nil {
			if err := w.resume(); err != nil {
				return lines, err
			}
		}
		last := &w.all[len(w.all)-1]
		fit := lines
		if room := max(0, w.most-last.size); int64(len(lines)) > room {
			fit = lines[:bytes.LastIndexByte(lines[:room], '\n')+1]
		}
		if len(fit) == 0 {
			if err := w.rotate(); err != nil {
				return lines, err
			}
			continue
		}
		if _, err := w.file.Write(fit); err != nil {
			// Of a part that was written nothing is to stay; resume looks again.
			return lines, errors.Join(err, w.file.Truncate(last.size), w.close())
		}
		last.size += int64(len(fit))
		lines = lines[len(fit):]
	}
	return nil, nil
}

// resume goes on where the last process ended, without what was torn. That one
// may have ended, and begun segments, after the log was opened: whoever opens it
// owns the data directory only when it logs the first line.
func (w *segments) resume() error {
	if err := w.list(); err != nil {
		return err
	}
	if len(w.all) == 0 {
		return w.begin(1)
	}
	last := &w.all[len(w.all)-1]
	file, err := os.OpenFile(last.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	whole, err := trim(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	last.size, w.file = whole, file
	return w.prune(0)
}

// trim cuts a file after its last whole line.
func trim(file *os.File) (size int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	size, err = wholeLines(file, info.Size())
	if err == nil && size < info.Size() {
		err = file.Truncate(size)
	}
	return size, err
}

// begin makes a new segment, the last one.
func (w *segments) begin(number int) error {
	if err := w.prune(w.most); err != nil {
		return err
	}
	one := segment{number: number, path: filepath.Join(w.dir, fmt.Sprintf("%08d%s", number, suffix))}
	file, err := os.OpenFile(one.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	w.all, w.file = append(w.all, one), file
	return nil
}

// rotate ends the last segment and begins another.
//
// Here, and when the log is closed, lines are forced to the disk, and not one
// by one: a line is no promise to anybody, a process that is killed leaves what
// it has written to the system, and only a machine that loses its power loses
// lines, those of the last segment.
func (w *segments) rotate() error {
	if err := w.close(); err != nil {
		return err
	}
	return w.begin(w.all[len(w.all)-1].number + 1)
}

// prune removes the oldest segments until there is room within the budget.
func (w *segments) prune(room int64) error {
	var total int64
	for _, one := range w.all {
		total += one.size
	}
	for len(w.all) > 0 && total+room > w.budget {
		if w.file != nil && len(w.all) == 1 {
			return nil // it is being written to
		}
		if err := os.Remove(w.all[0].path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= w.all[0].size
		w.all = slices.Delete(w.all, 0, 1)
	}
	return nil
}

// close ends the last segment; append would begin where it ended.
func (w *segments) close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.file.Sync(), w.file.Close())
	w.file = nil
	return err
}
