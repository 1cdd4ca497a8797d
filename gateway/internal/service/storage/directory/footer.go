package directory

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// footer is what follows the content in the file of an object: these fields as
// JSON, and then, of fixed size, how long the content and the JSON are, a
// checksum of both numbers and the JSON, and the mark.
type footer struct {
	Key         string            `json:"key"`
	ContentType string            `json:"content_type"`
	ETag        string            `json:"etag"` // SHA-256 of the content
	Modified    int64             `json:"modified"`
	Metadata    map[string]string `json:"metadata,omitempty"`

	metadata []storage.Field
	size     int64 // of the content
}

const (
	mark     = "EGOBJ\r\n1"
	tailSize = 8 + 4 + 4 + len(mark)
	maxJSON  = 64 << 10
	readTail = 1 << 10 // bytes read at first: enough for nearly all footers
)

var (
	errDamaged = errors.New("the file of the object is damaged")
	checksums  = crc32.MakeTable(crc32.Castagnoli)
)

func (f *footer) encode() ([]byte, error) {
	if len(f.metadata) > 0 {
		f.Metadata = make(map[string]string, len(f.metadata))
		for _, m := range f.metadata {
			f.Metadata[m.Name] = m.Value
		}
	}
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode the footer: %w", err)
	}
	n := len(b)
	b = binary.BigEndian.AppendUint64(b, uint64(f.size))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, checksums))
	return append(b, mark...), nil
}

// readFooter reads the footer of an open file.
func readFooter(file *os.File) (*footer, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() < int64(tailSize) {
		return nil, errDamaged
	}
	end, err := readEnd(file, info.Size(), readTail)
	if err != nil {
		return nil, err
	}
	tail := end[len(end)-tailSize:]
	if string(tail[16:]) != mark {
		return nil, errDamaged
	}
	f := &footer{size: int64(binary.BigEndian.Uint64(tail))}
	n := int64(binary.BigEndian.Uint32(tail[8:]))
	if n > maxJSON || f.size < 0 || f.size+n+int64(tailSize) != info.Size() {
		return nil, errDamaged
	}
	if whole := n + int64(tailSize); int64(len(end)) < whole {
		if end, err = readEnd(file, info.Size(), whole); err != nil {
			return nil, err
		}
	}
	end = end[len(end)-int(n)-tailSize:]
	if binary.BigEndian.Uint32(end[n+12:]) != crc32.Checksum(end[:n+12], checksums) || json.Unmarshal(end[:n], f) != nil {
		return nil, errDamaged
	}
	f.metadata = sorted(f.Metadata)
	return f, nil
}

func readEnd(file *os.File, size, n int64) ([]byte, error) {
	b := make([]byte, min(size, n))
	if _, err := file.ReadAt(b, size-int64(len(b))); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

func (f *footer) object() *storage.Object {
	return &storage.Object{
		Size: f.size, ETag: f.ETag, ContentType: f.ContentType,
		Modified: time.Unix(0, f.Modified), Metadata: f.metadata,
	}
}
