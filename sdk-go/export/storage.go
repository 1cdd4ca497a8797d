package export

/*
#include "edge_gateway_storage.h"
*/
import "C"

import (
	"time"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// storage is eg.storage/1.
type storage struct{ service }

func (s storage) Get(key string, part edge.Range) (*edge.Object, error) {
	var loan loan
	defer loan.end()
	return s.object(C.EG_STORAGE_GET, lend(&loan, C.eg_storage_get{
		struct_size: C.sizeof_eg_storage_get, key: loan.text(key),
		offset: C.uint64_t(part.Offset), length: C.uint64_t(part.Length), etag: loan.textOrAbsent(part.ETag),
	}))
}

func (s storage) Head(key string) (*edge.Object, error) {
	var loan loan
	defer loan.end()
	return s.object(C.EG_STORAGE_HEAD, lendKey(&loan, key))
}

func (s storage) Put(key string, body []byte, options edge.PutOptions) (*edge.Object, error) {
	var loan loan
	defer loan.end()
	return s.object(C.EG_STORAGE_PUT, lendPut(&loan, key, body, options))
}

func (s storage) Start(key string, options edge.PutOptions) (upload uint64, err error) {
	var loan loan
	defer loan.end()
	err = s.run(C.EG_STORAGE_START, lendPut(&loan, key, nil, options), func(result unsafe.Pointer) {
		upload = uint64((*C.eg_storage_upload)(result).upload)
	})
	return upload, err
}

func (s storage) Write(upload uint64, part []byte) error {
	var loan loan
	defer loan.end()
	return s.run(C.EG_STORAGE_WRITE, lendPart(&loan, upload, part), nil)
}

func (s storage) Finish(upload uint64, last []byte) (*edge.Object, error) {
	var loan loan
	defer loan.end()
	return s.object(C.EG_STORAGE_FINISH, lendPart(&loan, upload, last))
}

func (s storage) Abort(upload uint64) error {
	var loan loan
	defer loan.end()
	return s.run(C.EG_STORAGE_ABORT, lendPart(&loan, upload, nil), nil)
}

func (s storage) Delete(key string) error {
	var loan loan
	defer loan.end()
	return s.run(C.EG_STORAGE_DELETE, lendKey(&loan, key), nil)
}

func (s storage) ListPage(o edge.ListOptions) (page *edge.ListPage, err error) {
	var loan loan
	defer loan.end()
	err = s.run(C.EG_STORAGE_LIST, lend(&loan, C.eg_storage_list{
		struct_size: C.sizeof_eg_storage_list, prefix: loan.text(o.Prefix),
		delimiter: loan.textOrAbsent(o.Delimiter), after: loan.textOrAbsent(o.After), limit: C.uint64_t(o.Limit),
	}), func(result unsafe.Pointer) {
		page = readList((*C.eg_storage_page)(result))
	})
	return page, err
}

func (s storage) Copy(from, to string) (*edge.Object, error) {
	var loan loan
	defer loan.end()
	return s.object(C.EG_STORAGE_COPY, lend(&loan, C.eg_storage_copy{
		struct_size: C.sizeof_eg_storage_copy, from: loan.text(from), to: loan.text(to),
	}))
}

func (s storage) PresignedURL(use edge.URLUse, key string, lifetime time.Duration) (url string, err error) {
	var loan loan
	defer loan.end()
	err = s.run(C.EG_STORAGE_PRESIGN, lend(&loan, C.eg_storage_presign{
		struct_size: C.sizeof_eg_storage_presign, kind: C.uint32_t(use),
		key: loan.text(key), lifetime: C.int64_t(lifetime),
	}), func(result unsafe.Pointer) {
		url = string(view((*C.eg_storage_url)(result).url))
	})
	return url, err
}

// object runs an operation whose result is an object.
func (s storage) object(code C.uint32_t, args unsafe.Pointer) (object *edge.Object, err error) {
	err = s.run(code, args, func(result unsafe.Pointer) {
		object = readObject((*C.eg_storage_object)(result))
	})
	return object, err
}

func lendKey(loan *loan, key string) unsafe.Pointer {
	return lend(loan, C.eg_storage_key{struct_size: C.sizeof_eg_storage_key, key: loan.text(key)})
}

func lendPut(loan *loan, key string, body []byte, options edge.PutOptions) unsafe.Pointer {
	if body == nil {
		body = []byte{}
	}
	args := C.eg_storage_put{
		struct_size: C.sizeof_eg_storage_put, key: loan.text(key),
		content_type: loan.textOrAbsent(options.ContentType), body: loan.bytes(body),
	}
	if options.Create {
		args.flags = C.EG_STORAGE_CREATE
	}
	args.metadata, args.metadata_count = lendFields(loan, options.Metadata)
	return lend(loan, args)
}

func lendPart(loan *loan, upload uint64, part []byte) unsafe.Pointer {
	return lend(loan, C.eg_storage_write{
		struct_size: C.sizeof_eg_storage_write, upload: C.uint64_t(upload), bytes: loan.bytes(part),
	})
}

func readObject(o *C.eg_storage_object) *edge.Object {
	object := &edge.Object{
		Size: int64(o.size), Offset: int64(o.offset), ETag: string(view(o.etag)),
		ContentType: string(view(o.content_type)), Modified: moment(o.modified),
		Metadata: cloneFields(o.metadata, o.metadata_count),
	}
	if o.body.ptr != nil {
		object.Body = clone(o.body)
	}
	return object
}

func readList(p *C.eg_storage_page) *edge.ListPage {
	page := &edge.ListPage{Entries: make([]edge.ListEntry, int(p.count)), Next: string(view(p.next))}
	for i, e := range unsafe.Slice(p.entries, int(p.count)) {
		page.Entries[i] = edge.ListEntry{
			Key: string(view(e.key)), ETag: string(view(e.etag)), Size: int64(e.size), Modified: moment(e.modified),
		}
	}
	return page
}

// The numbers of package edge are those of the header.
var (
	_ = [1]struct{}{}[C.EG_STORAGE_READ_URL-edge.ReadURL]
	_ = [1]struct{}{}[C.EG_STORAGE_WRITE_URL-edge.WriteURL]
)
