package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

// Pack writes the source files of dir, as [toolchain.SourceFiles] lists them, as
// a tar of which every byte follows from their names, their content and whether
// they may be executed. A file that could not be unpacked again is refused.
func Pack(w io.Writer, dir string) (Summary, error) {
	names, err := toolchain.SourceFiles(dir)
	if err != nil {
		return Summary{}, fmt.Errorf("pack: %w", err)
	}
	digest := sha256.New()
	archive := tar.NewWriter(io.MultiWriter(w, digest))
	// What a source folder may have is bounded by its listing.
	limits := Limits{Total: 1 << 40, Entries: 1 << 20}.withDefaults()
	checked := &folder{limits: limits, seen: map[string]node{}}
	sum := Summary{Files: len(names)}
	for _, name := range names {
		if _, err := checked.claim(name, false); err != nil {
			return Summary{}, err
		}
		n, err := packFile(archive, filepath.Join(dir, filepath.FromSlash(name)), name)
		if err != nil {
			return Summary{}, fmt.Errorf("pack %q: %w", name, err)
		}
		sum.Size += n
	}
	if err := archive.Close(); err != nil {
		return Summary{}, fmt.Errorf("pack %q: %w", dir, err)
	}
	sum.Digest = hex.EncodeToString(digest.Sum(nil))
	return sum, nil
}

func packFile(archive *tar.Writer, path, name string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o644, ModTime: time.Unix(0, 0)}
	if info.Mode()&0o100 != 0 {
		header.Mode = 0o755
	}
	if err := archive.WriteHeader(header); err != nil {
		return 0, err
	}
	return io.Copy(archive, file)
}
