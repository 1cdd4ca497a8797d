package storage

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// placed is the result as the library gets it; nil if there is none.
func placed(r Result) abi.Result {
	switch {
	case r.Object != nil:
		return (*placedObject)(r.Object)
	case r.Page != nil:
		return (*placedPage)(r.Page)
	case r.URL != "":
		return placedURL(r.URL)
	case r.Upload != 0:
		return placedUpload(r.Upload)
	}
	return nil
}

type placedObject Object

func (o *placedObject) Space() int {
	n := abi.SpaceOf[abi.StorageObject](1) + abi.SpaceOf[abi.Field](len(o.Metadata)) +
		abi.SpaceFor(len(o.Body)) + abi.SpaceFor(len(o.ETag)) + abi.SpaceFor(len(o.ContentType))
	for _, f := range o.Metadata {
		n += abi.SpaceFor(len(f.Name)) + abi.SpaceFor(len(f.Value))
	}
	return n
}

func (o *placedObject) Place(r *abi.Room) uintptr {
	fields := make([]abi.Field, len(o.Metadata))
	for n, f := range o.Metadata {
		fields[n] = abi.Field{Name: r.Text(f.Name), Value: r.Text(f.Value)}
	}
	return abi.Place(r, abi.StorageObject{
		StructSize: abi.StructSize[abi.StorageObject](),
		Size:       uint64(o.Size), Offset: uint64(o.Offset),
		Body: r.Bytes(o.Body), ETag: r.Text(o.ETag), ContentType: r.Text(o.ContentType),
		Modified: nanoseconds(o.Modified),
		Metadata: abi.PlaceList(r, fields), MetadataCount: uint64(len(fields)),
	})
}

type placedPage Page

func (p *placedPage) Space() int {
	n := abi.SpaceOf[abi.StoragePage](1) + abi.SpaceOf[abi.StorageEntry](len(p.Entries)) + abi.SpaceFor(len(p.Next))
	for _, e := range p.Entries {
		n += abi.SpaceFor(len(e.Key)) + abi.SpaceFor(len(e.ETag))
	}
	return n
}

func (p *placedPage) Place(r *abi.Room) uintptr {
	entries := make([]abi.StorageEntry, len(p.Entries))
	for n, e := range p.Entries {
		entries[n] = abi.StorageEntry{
			Key: r.Text(e.Key), ETag: r.TextOrAbsent(e.ETag), Size: uint64(e.Size), Modified: nanoseconds(e.Modified),
		}
	}
	return abi.Place(r, abi.StoragePage{
		StructSize: abi.StructSize[abi.StoragePage](),
		Entries:    abi.PlaceList(r, entries), Count: uint64(len(entries)), Next: r.TextOrAbsent(p.Next),
	})
}

type placedURL string

func (u placedURL) Space() int { return abi.SpaceOf[abi.StorageURL](1) + abi.SpaceFor(len(u)) }

func (u placedURL) Place(r *abi.Room) uintptr {
	return abi.Place(r, abi.StorageURL{StructSize: abi.StructSize[abi.StorageURL](), URL: r.Text(string(u))})
}

type placedUpload uint64

func (u placedUpload) Space() int { return abi.SpaceOf[abi.StorageUpload](1) }

func (u placedUpload) Place(r *abi.Room) uintptr {
	return abi.Place(r, abi.StorageUpload{StructSize: abi.StructSize[abi.StorageUpload](), Upload: uint64(u)})
}

// nanoseconds is Unix time; 0 for a time that is not known.
func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
