package worker

import (
	"bytes"
	"io"
)

// lineMost is more than any line has.
const lineMost = 1 << 20

// relay hands on log lines until no more come. A handler that writes where it
// should not garbles a line, and not those that follow.
func relay(from io.Reader, keep, print io.Writer) {
	buffer := make([]byte, 0, 64<<10)
	var printed []byte
	skipping := false // the rest of a line that is too long
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := from.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		rest := buffer
		printed = printed[:0]
		for {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			line := rest[:end+1]
			rest = rest[end+1:]
			switch {
			case skipping:
				skipping = false
			case line[0] == toKeep:
				_, _ = keep.Write(line[1:])
			case line[0] == toPrint:
				printed = append(printed, line[1:]...)
			}
		}
		if len(printed) > 0 {
			_, _ = print.Write(printed)
		}
		if len(rest) > lineMost {
			rest, skipping = nil, true
		}
		buffer = append(buffer[:0], rest...)
		if err != nil {
			return
		}
	}
}
