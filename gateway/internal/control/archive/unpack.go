package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Unpack unpacks a zip, a tar or a gzipped tar into dir, which is made if it is
// missing and should be empty; its first bytes tell which it is. The error
// is a [*model.Error] of kind Refused or TooLarge where the archive is at fault,
// and dir may then hold a part of it.
func Unpack(r io.Reader, dir string, limits Limits) (Summary, error) {
	limits = limits.withDefaults()
	folder, err := openFolder(dir, limits)
	if err != nil {
		return Summary{}, fmt.Errorf("unpack an archive: %w", err)
	}
	defer folder.root.Close()

	source := &readErrors{Reader: r}
	err = unpack(source, folder)
	if source.err != nil { // whatever it led to: the archive did not arrive
		return Summary{}, fmt.Errorf("read an archive: %w", source.err)
	}
	if err != nil {
		return Summary{}, err
	}
	return Summary{Files: folder.files, Size: folder.size}, nil
}

func unpack(r io.Reader, folder *folder) error {
	limited := &limitedReader{r: r, left: folder.limits.stream()}
	in := bufio.NewReader(limited)
	start, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case len(start) == 0:
		return refuse("the archive is empty")
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return refuse("the archive begins like gzip and is not: %w", err)
		}
		return unpackTar(&limitedReader{r: unzipped, left: folder.limits.stream()}, folder)
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("PK\x05\x06")):
		return unpackZip(in, folder)
	}
	return unpackTar(in, folder)
}

// UnpackFile puts one file into dir, as an archive that has no other.
func UnpackFile(r io.Reader, dir, name string, limits Limits) (Summary, error) {
	limits = limits.withDefaults()
	folder, err := openFolder(dir, limits)
	if err != nil {
		return Summary{}, fmt.Errorf("unpack a file: %w", err)
	}
	defer folder.root.Close()
	source := &readErrors{Reader: r}
	err = folder.add(name, 0o644, -1, source)
	if source.err != nil {
		return Summary{}, fmt.Errorf("read a file: %w", source.err)
	}
	return Summary{Files: folder.files, Size: folder.size}, err
}

// limitedReader fails where a stream goes on beyond what the limits allow.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(b []byte) (int, error) {
	if l.left < 0 {
		return 0, errStream
	}
	if int64(len(b)) > l.left+1 {
		b = b[:l.left+1]
	}
	n, err := l.r.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return n, errStream
	}
	return n, err
}

var errStream error = model.Errorf(model.TooLarge, "the archive has more bytes than its limits allow")

// because makes err, of reading an archive, one that people can act on.
func because(err error, format string, args ...any) error {
	if known := (*model.Error)(nil); errors.As(err, &known) {
		return known
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it is cut short")
	}
	return refuse("%s: %w", fmt.Sprintf(format, args...), err)
}
