package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
)

func unpackTar(r io.Reader, folder *folder) error {
	in := &endReader{r: r}
	for archive, n := tar.NewReader(in), 0; ; n++ {
		header, err := archive.Next()
		switch {
		case err == io.EOF && in.ended:
			return refuse("the archive is cut short: a tar ends with two empty blocks")
		case err == io.EOF:
			return nothingMore(in)
		case n == 0 && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)):
			return refuse("the archive is neither a zip nor a whole tar")
		case err != nil:
			return because(err, "the archive cannot be read after its entry %d", n)
		case n >= 2*folder.limits.Entries:
			// Folders may be there again, so they do not count as new ones.
			return tooLarge("entry %q is one too many: an archive may have %d files and folders", shown(header.Name), folder.limits.Entries)
		}
		switch header.Typeflag {
		case tar.TypeReg:
			err = folder.add(header.Name, header.FileInfo().Mode(), header.Size, archive)
		case tar.TypeDir:
			err = folder.add(header.Name, 0, 0, nil)
		case tar.TypeXGlobalHeader: // of git archive; it has no name of a file
		case tar.TypeSymlink, tar.TypeLink:
			return refuse("entry %q is a link to %q: put the file itself there", shown(header.Name), shown(header.Linkname))
		default:
			return refuse("entry %q is neither a file nor a folder", shown(header.Name))
		}
		if err != nil {
			return because(err, "entry %q", shown(header.Name))
		}
	}
}

// nothingMore sees to it that the end was the end, so that the checksum of a
// gzip was looked at and no second archive follows unseen.
func nothingMore(r io.Reader) error {
	var block [4096]byte
	for {
		n, err := r.Read(block[:])
		if len(bytes.Trim(block[:n], "\x00")) > 0 {
			return refuse("something follows after the end of the archive")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return because(err, "the archive cannot be read to its end")
		}
	}
}

// endReader notes that someone wanted to read beyond the end, which a reader of
// a whole tar does not.
type endReader struct {
	r     io.Reader
	ended bool
}

func (e *endReader) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	if err == io.EOF && n > 0 {
		return n, nil
	}
	e.ended = e.ended || err == io.EOF
	return n, err
}
