package cli

import (
	"bufio"
	"strings"
	"testing"
)

func TestArchivesAreKnownByTheirBeginning(t *testing.T) {
	for start, want := range map[string]string{
		"PK\x03\x04": "application/zip", "\x1f\x8b\x08": "application/gzip", "edge-gateway.toml\x00": "application/x-tar", "": "application/x-tar",
	} {
		if got := archiveType(bufio.NewReader(strings.NewReader(start))); got != want {
			t.Errorf("%q is sent as %s, want %s", start, got, want)
		}
	}
}
