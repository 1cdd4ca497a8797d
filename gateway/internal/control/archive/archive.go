// Package archive unpacks zips, tars and gzipped tars from people who may mean
// harm, and packs a source folder so that equal folders give equal bytes.
//
// Only files and folders are taken. A name that leaves the folder, or that some
// system could take for another, refuses the whole archive, as does anything
// beyond the [Limits]; so what was unpacked here can be unpacked anywhere.
package archive

import "github.com/edge-gateway/edge-gateway/gateway/internal/model"

// Limits bound what an archive may hold. A zero field means its default.
type Limits struct {
	Total   int64 // bytes of all files; default 64 MiB
	File    int64 // bytes of one file; default as Total
	Entries int   // files and folders; default 10,000
	Depth   int   // folders that a file may be in; default 32
	Name    int   // bytes of a path; default 512
}

func (l Limits) withDefaults() Limits {
	if l.Total <= 0 {
		l.Total = 64 << 20
	}
	if l.File <= 0 {
		l.File = l.Total
	}
	if l.Entries <= 0 {
		l.Entries = 10_000
	}
	if l.Depth <= 0 {
		l.Depth = 32
	}
	if l.Name <= 0 {
		l.Name = 512
	}
	return l
}

// stream is how many bytes an archive within the limits has at most: beside its
// files, what describes them.
func (l Limits) stream() int64 { return l.Total + int64(l.Entries)*2048 + 1<<20 }

// Summary is what an archive holds.
type Summary struct {
	Files  int
	Size   int64  // of the files, in bytes
	Digest string // SHA-256 of the archive, in hex; of one that was packed
}

func refuse(format string, args ...any) error {
	return model.Errorf(model.Refused, format, args...)
}

func tooLarge(format string, args ...any) error {
	return model.Errorf(model.TooLarge, format, args...)
}
