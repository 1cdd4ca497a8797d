package inspect

import "bytes"

// goBuildInfo starts the build information of every Go program, on a boundary
// of 16 bytes, stripped or not.
var goBuildInfo = []byte("\xff Go buildinf:")

// holdsGoBuildInfo tells whether a loaded part of a file starts with or holds it.
func holdsGoBuildInfo(data []byte) bool {
	for at := 0; ; at++ {
		found := bytes.Index(data[at:], goBuildInfo)
		if found < 0 {
			return false
		}
		if at += found; at%16 == 0 {
			return true
		}
	}
}

// guessLanguage says what the file was most likely written in. The Rust
// standard library carries the paths of its sources, for panics.
func (r *Report) guessLanguage(data []byte) {
	switch {
	case r.Go:
		r.Language = "go"
	case bytes.Contains(data, []byte("/rustc/")) || bytes.Contains(data, []byte("rustc version ")):
		r.Language = "rust"
	case r.Language == "":
		r.Language = "c"
	}
}
