package storage

import (
	"bytes"
	"errors"
	"math"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Start implements abi.Service. A body is copied once, here, and only if there
// is room for it.
func (s *Service) Start(op *abi.Operation) {
	r, err := decode(op)
	if err == nil {
		err = s.admit(r)
	}
	if err != nil {
		service.Finish(op, nil, err)
		return
	}
	if changes(r) {
		op.Cut = abi.ErrUnknown // it may be done a moment later
	}
	op.Cancel = s.submit(service.CallOf(op), owned(r), func(result Result, err error) {
		service.Finish(op, placed(result), err)
	})
}

// changes tells whether a request changes what others see.
func changes(r Request) bool {
	switch r.(type) {
	case Put, Finish, Delete, Copy:
		return true
	}
	return false
}

// owned is the request with a copy of its body.
func owned(r Request) Request {
	switch r := r.(type) {
	case Put:
		r.Body = bytes.Clone(r.Body)
		return r
	case Start:
		r.Body = bytes.Clone(r.Body)
		return r
	case Write:
		r.Bytes = bytes.Clone(r.Bytes)
		return r
	case Finish:
		r.Bytes = bytes.Clone(r.Bytes)
		return r
	}
	return r
}

// decode reads the arguments of an operation. Bodies stay where they are.
func decode(op *abi.Operation) (Request, error) {
	r, err := decodeArgs(op)
	if errors.Is(err, abi.ErrArgs) {
		return nil, invalid("the arguments are malformed, or a text is too long")
	}
	return r, err
}

func decodeArgs(op *abi.Operation) (Request, error) {
	switch op.Code {
	case abi.StorageGetOp:
		a, err := abi.Load[abi.StorageGet](op.Args)
		if err != nil {
			return nil, err
		}
		t := texts{}
		r := Get{Key: t.read(a.Key), Offset: clip(a.Offset), Length: clip(a.Length), ETag: t.read(a.ETag)}
		return r, t.err
	case abi.StorageHeadOp:
		key, err := decodeKey(op.Args)
		return Head{key}, err
	case abi.StorageDeleteOp:
		key, err := decodeKey(op.Args)
		return Delete{key}, err
	case abi.StoragePutOp:
		return decodePut(op.Args)
	case abi.StorageStartOp:
		r, err := decodePut(op.Args)
		return Start(r), err
	case abi.StorageWriteOp:
		return decodeWrite(op.Args)
	case abi.StorageFinishOp:
		r, err := decodeWrite(op.Args)
		return Finish(r), err
	case abi.StorageAbortOp:
		r, err := decodeWrite(op.Args)
		return Abort{r.Upload}, err
	case abi.StorageListOp:
		a, err := abi.Load[abi.StorageList](op.Args)
		if err != nil {
			return nil, err
		}
		t := texts{}
		r := List{Prefix: t.read(a.Prefix), Delimiter: t.read(a.Delimiter), After: t.read(a.After), Limit: int(min(a.Limit, MaxEntries))}
		return r, t.err
	case abi.StorageCopyOp:
		a, err := abi.Load[abi.StorageCopy](op.Args)
		if err != nil {
			return nil, err
		}
		t := texts{}
		r := Copy{From: t.read(a.From), To: t.read(a.To)}
		return r, t.err
	case abi.StoragePresignOp:
		a, err := abi.Load[abi.StoragePresign](op.Args)
		if err != nil {
			return nil, err
		}
		if a.Kind > abi.StorageWriteURL {
			return nil, service.Errorf(abi.ErrUnsupported, "no such kind of URL")
		}
		t := texts{}
		r := Presign{Key: t.read(a.Key), Write: a.Kind == abi.StorageWriteURL, Lifetime: time.Duration(a.Lifetime)}
		return r, t.err
	}
	return nil, service.Errorf(abi.ErrUnsupported, "storage has no operation %d", op.Code)
}

func decodeKey(args abi.Args) (string, error) {
	a, err := abi.Load[abi.StorageKey](args)
	if err != nil {
		return "", err
	}
	return a.Key.Text(maxText)
}

func decodePut(args abi.Args) (Put, error) {
	a, err := abi.Load[abi.StoragePut](args)
	if err != nil {
		return Put{}, err
	}
	if a.Flags&^abi.StorageCreate != 0 {
		return Put{}, service.Errorf(abi.ErrUnsupported, "no such flag")
	}
	fields, err := abi.LoadList[abi.Field](a.Metadata, a.MetadataCount, MaxMetadata)
	if err != nil {
		return Put{}, err
	}
	t := texts{}
	r := Put{Key: t.read(a.Key), ContentType: t.read(a.ContentType), Create: a.Flags&abi.StorageCreate != 0}
	for _, f := range fields {
		r.Metadata = append(r.Metadata, Field{t.read(f.Name), t.read(f.Value)})
	}
	if t.err != nil {
		return Put{}, t.err
	}
	r.Body, err = body(a.Body)
	return r, err
}

func decodeWrite(args abi.Args) (Write, error) {
	a, err := abi.Load[abi.StorageWrite](args)
	if err != nil {
		return Write{}, err
	}
	part, err := body(a.Bytes)
	return Write{Upload: a.Upload, Bytes: part}, err
}

// body is a view of the library's bytes.
func body(b abi.Bytes) ([]byte, error) {
	if b.Len > MaxBody {
		return nil, tooLarge(int(clip(b.Len)), MaxBody)
	}
	return b.View(MaxBody)
}

// clip keeps numbers that no object reaches positive.
func clip(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

const maxText = 4 << 10 // bytes; what is too long for its purpose is refused later

// texts reads several texts and keeps the first error.
type texts struct{ err error }

func (t *texts) read(b abi.Bytes) string {
	s, err := b.Text(maxText)
	if err != nil && t.err == nil {
		t.err = err
	}
	return s
}
