package archive

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// unpackZip needs the whole archive first, since its directory is at the end. It
// lies in the folder meanwhile, and so goes with it if the process is killed.
func unpackZip(r io.Reader, folder *folder) error {
	whole, err := os.CreateTemp(folder.root.Name(), ".archive-*.zip")
	if err != nil {
		return fmt.Errorf("unpack a zip: %w", err)
	}
	defer os.Remove(whole.Name())
	defer whole.Close()
	records := &recordCounter{}
	size, err := io.Copy(io.MultiWriter(whole, records), r)
	if err != nil {
		return fmt.Errorf("unpack a zip: %w", err)
	}
	if records.n > 2*folder.limits.Entries {
		return tooLarge("the archive has more than %d files and folders", folder.limits.Entries)
	}
	archive, err := zip.NewReader(whole, size)
	if err != nil {
		return because(err, "the archive begins like a zip and is not a whole one")
	}
	for _, file := range archive.File {
		if err := unpackZipped(file, folder); err != nil {
			return because(err, "entry %q", shown(file.Name))
		}
	}
	return nil
}

func unpackZipped(file *zip.File, folder *folder) error {
	mode := file.Mode()
	switch {
	case file.Flags&1 != 0:
		return refuse("entry %q is encrypted", shown(file.Name))
	case file.Method != zip.Store && file.Method != zip.Deflate:
		return refuse("entry %q is compressed in a way that is not read here: use deflate, the usual one", shown(file.Name))
	case mode.IsDir(), strings.HasSuffix(file.Name, "/"):
		if file.UncompressedSize64 > 0 {
			return refuse("entry %q is a folder with content", shown(file.Name))
		}
		return folder.add(file.Name, 0, 0, nil)
	case mode&fs.ModeSymlink != 0:
		return refuse("entry %q is a link: put the file itself there", shown(file.Name))
	case !mode.IsRegular():
		return refuse("entry %q is neither a file nor a folder", shown(file.Name))
	case file.UncompressedSize64 > uint64(folder.limits.Total):
		return folder.over(file.Name)
	}
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return folder.add(file.Name, mode, int64(file.UncompressedSize64), content)
}

// recordCounter counts what begins like a record of a zip's directory. There
// are no more records than that, and each costs memory once the directory is
// read, whatever its end says about their number.
type recordCounter struct {
	n    int
	last []byte // the end of what was written before
}

var record = []byte("PK\x01\x02")

func (c *recordCounter) Write(b []byte) (int, error) {
	c.last = append(c.last, b[:min(len(b), len(record)-1)]...)
	c.n += bytes.Count(c.last, record) + bytes.Count(b, record)
	if len(b) >= len(record)-1 {
		c.last = append(c.last[:0], b[len(b)-len(record)+1:]...)
	} else {
		c.last = c.last[max(0, len(c.last)-len(record)+1):]
	}
	return len(b), nil
}
