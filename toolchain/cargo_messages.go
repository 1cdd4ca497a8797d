package toolchain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
)

// cargoMessages reads what cargo reports, one JSON object a line.
type cargoMessages struct {
	manifest string // of the crate looked for
	library  string // its library
	began    bool   // it got as far as compiling
	begin    func() // called when it does; may be nil
	log      live   // is told which crate was compiled
	line     []byte
}

const maxCargoMessage = 1 << 20

func (m *cargoMessages) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			if len(m.line)+len(rest) <= maxCargoMessage {
				m.line = append(m.line, rest...)
			}
			break
		}
		m.read(append(m.line, rest[:end]...))
		m.line, rest = m.line[:0], rest[end+1:]
	}
	return len(p), nil
}

func (m *cargoMessages) read(line []byte) {
	var message struct {
		Reason       string
		ManifestPath string `json:"manifest_path"`
		Target       struct {
			Name string
			Kind []string
		}
		Filenames []string
		Fresh     bool
	}
	if json.Unmarshal(line, &message) != nil {
		return // a build script's own words
	}
	switch message.Reason {
	case "build-finished", "build-script-executed", "compiler-artifact":
		if !m.began && m.begin != nil {
			m.begin()
		}
		m.began = true
	}
	if message.Reason != "compiler-artifact" {
		return
	}
	if !message.Fresh {
		fmt.Fprintf(m.log, "compiled %s\n", message.Target.Name)
	}
	if message.ManifestPath != m.manifest || !slices.Contains(message.Target.Kind, "cdylib") {
		return
	}
	for _, name := range message.Filenames {
		if filepath.Ext(name) == Extension() {
			m.library = name
		}
	}
}
