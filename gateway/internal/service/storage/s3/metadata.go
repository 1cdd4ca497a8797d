package s3

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// Metadata are headers. A value that cannot be one as it is, such as one that is
// not ASCII, is an encoded word (RFC 2047), as servers answer it too; the client
// decodes it.

func options(r storage.Put) minio.PutObjectOptions {
	o := minio.PutObjectOptions{ContentType: r.ContentType, DisableContentSha256: true}
	if len(r.Metadata) > 0 {
		o.UserMetadata = make(map[string]string, len(r.Metadata))
		for _, f := range r.Metadata {
			// With the prefix, or the client takes some names for other headers.
			o.UserMetadata["X-Amz-Meta-"+f.Name] = encoded(f.Value)
		}
	}
	return o
}

// absent makes a request fail where there is an object.
func absent(o minio.PutObjectOptions) minio.PutObjectOptions {
	o.SetMatchETagExcept("*")
	return o
}

func encoded(value string) string {
	plain := !strings.HasPrefix(value, "=?") && strings.TrimSpace(value) == value
	for n := range len(value) {
		plain = plain && value[n] >= ' ' && value[n] <= '~'
	}
	if plain {
		return value
	}
	return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(value)) + "?="
}

func objectOf(i minio.ObjectInfo) *storage.Object {
	o := &storage.Object{Size: i.Size, ETag: i.ETag, ContentType: i.ContentType, Modified: i.LastModified}
	for name, value := range i.UserMetadata {
		o.Metadata = append(o.Metadata, storage.Field{Name: strings.ToLower(name), Value: value})
	}
	slices.SortFunc(o.Metadata, func(a, b storage.Field) int { return strings.Compare(a.Name, b.Name) })
	return o
}
