package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Last finds the last n lines that f selects, the oldest first: everything that
// was logged before the call counts. A search that would read too much ends
// early, and a line in front of the others says so.
func (s *Store) Last(ctx context.Context, f model.LogFilter, n int) ([]model.LogLine, error) {
	s.mu.Lock()
	s.step()
	all := slices.Clone(s.segments.all)
	s.mu.Unlock()
	return s.search(ctx, all, newSieve(f), n)
}

// search reads segments from their end.
func (s *Store) search(ctx context.Context, all []segment, sieve sieve, n int) ([]model.LogLine, error) {
	found := []model.LogLine{}
	left := s.searchMost
	for _, one := range slices.Backward(all) {
		if len(found) >= n {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if one.size > left {
			found = append(found, notice(own(slog.LevelWarn, fmt.Sprintf("what is older was not searched: that is more than %d MiB", s.searchMost>>20))))
			break
		}
		left -= one.size
		var err error
		found, err = one.search(sieve, found, n)
		if errors.Is(err, fs.ErrNotExist) {
			found = append(found, notice(own(slog.LevelWarn, "what is older was removed during the search")))
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
	}
	slices.Reverse(found)
	return found, nil
}

// search adds the lines of one segment to found, the newest first, until it has
// n.
func (g segment) search(sieve sieve, found []model.LogLine, n int) ([]model.LogLine, error) {
	file, err := os.Open(g.path)
	if err != nil {
		return found, err
	}
	defer file.Close()
	for line, err := range backwards(file, g.size) {
		if err != nil {
			return found, err
		}
		if l, ok := sieve.pass(line); ok {
			if found = append(found, l); len(found) == n {
				break
			}
		}
	}
	return found, nil
}

// notice is a line of the log's own for one reader.
func notice(line []byte) model.LogLine {
	l, _ := decode(line)
	return l
}
