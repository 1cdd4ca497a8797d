package logs

import (
	"bytes"
	"io"
	"iter"
)

// block is how much of a segment is read at a time.
const block = 128 << 10

// wholeLines is the size of a file without a last line that has no end.
func wholeLines(file io.ReaderAt, size int64) (int64, error) {
	buffer := make([]byte, block)
	for end := size; end > 0; {
		part := buffer[:min(block, end)]
		if _, err := file.ReadAt(part, end-int64(len(part))); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return end - int64(len(part)-i-1), nil
		}
		end -= int64(len(part))
	}
	return 0, nil
}

// backwards has the lines of a file from its end, without their newlines. Each
// is valid until the next one.
func backwards(file io.ReaderAt, size int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var rest []byte // the end of a line that begins in the block before
		for end := size; end > 0; {
			n := min(block, end)
			part := make([]byte, n, n+int64(len(rest)))
			if _, err := file.ReadAt(part, end-n); err != nil {
				yield(nil, err)
				return
			}
			end -= n
			part = append(part, rest...)
			for {
				i := bytes.LastIndexByte(part, '\n')
				if i < 0 {
					break
				}
				if line := part[i+1:]; len(line) > 0 && !yield(line, nil) {
					return
				}
				part = part[:i]
			}
			rest = part
		}
		if len(rest) > 0 {
			yield(rest, nil)
		}
	}
}
