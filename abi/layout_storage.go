package abi

// edge_gateway_storage.h: the structs field for field, see layout.go.

// StorageID is the id of the service.
const StorageID = "eg.storage/1"

// Operations, as the header has them.
const (
	StorageGetOp     = 1
	StorageHeadOp    = 2
	StoragePutOp     = 3
	StorageStartOp   = 4
	StorageWriteOp   = 5
	StorageFinishOp  = 6
	StorageAbortOp   = 7
	StorageDeleteOp  = 8
	StorageListOp    = 9
	StorageCopyOp    = 10
	StoragePresignOp = 11
)

// Values of fields, as the header has them.
const (
	StorageCreate   = 1
	StorageReadURL  = 0
	StorageWriteURL = 1
)

// StorageKey is eg_storage_key.
type StorageKey struct {
	StructSize uint32
	Reserved   uint32
	Key        Bytes
}

// StorageGet is eg_storage_get.
type StorageGet struct {
	StructSize uint32
	Reserved   uint32
	Key        Bytes
	Offset     uint64
	Length     uint64
	ETag       Bytes
}

// StoragePut is eg_storage_put.
type StoragePut struct {
	StructSize    uint32
	Flags         uint32
	Key           Bytes
	ContentType   Bytes
	Metadata      uintptr
	MetadataCount uint64
	Body          Bytes
}

// StorageUpload is eg_storage_upload.
type StorageUpload struct {
	StructSize uint32
	Reserved   uint32
	Upload     uint64
}

// StorageWrite is eg_storage_write.
type StorageWrite struct {
	StructSize uint32
	Reserved   uint32
	Upload     uint64
	Bytes      Bytes
}

// StorageList is eg_storage_list.
type StorageList struct {
	StructSize uint32
	Reserved   uint32
	Prefix     Bytes
	Delimiter  Bytes
	After      Bytes
	Limit      uint64
}

// StorageCopy is eg_storage_copy.
type StorageCopy struct {
	StructSize uint32
	Reserved   uint32
	From       Bytes
	To         Bytes
}

// StoragePresign is eg_storage_presign.
type StoragePresign struct {
	StructSize uint32
	Kind       uint32
	Key        Bytes
	Lifetime   int64
}

// StorageObject is eg_storage_object.
type StorageObject struct {
	StructSize    uint32
	Reserved      uint32
	Size          uint64
	Offset        uint64
	Body          Bytes
	ETag          Bytes
	ContentType   Bytes
	Modified      int64
	Metadata      uintptr
	MetadataCount uint64
}

// StorageEntry is eg_storage_entry.
type StorageEntry struct {
	Key      Bytes
	ETag     Bytes
	Size     uint64
	Modified int64
}

// StoragePage is eg_storage_page.
type StoragePage struct {
	StructSize uint32
	Reserved   uint32
	Entries    uintptr
	Count      uint64
	Next       Bytes
}

// StorageURL is eg_storage_url.
type StorageURL struct {
	StructSize uint32
	Reserved   uint32
	URL        Bytes
}
