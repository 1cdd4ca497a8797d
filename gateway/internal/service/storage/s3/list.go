package s3

import (
	"context"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// last sorts behind every other character.
const last = "\U0010ffff"

// List implements storage.Conn. A page is one request, and the next starts after
// the last key of it.
func (c *conn) List(ctx context.Context, r storage.List) (*storage.Page, error) {
	after := r.After
	if r.AfterPrefix() {
		after += last
	}
	if after != "" {
		after = c.prefix + after
	}
	var result minio.ListBucketV2Result
	err := c.again(ctx, func() (err error) {
		result, err = c.client.ListObjectsV2(c.bucket, c.prefix+r.Prefix, after, "", r.Delimiter, r.Limit)
		return err
	})
	if err != nil {
		return nil, failure(err)
	}
	page := &storage.Page{}
	for _, o := range result.Contents {
		page.Entries = append(page.Entries, storage.Entry{
			Key: strings.TrimPrefix(o.Key, c.prefix), ETag: strings.Trim(o.ETag, `"`), Size: o.Size, Modified: o.LastModified,
		})
	}
	for _, p := range result.CommonPrefixes {
		page.Entries = append(page.Entries, storage.Entry{Key: strings.TrimPrefix(p.Prefix, c.prefix), Prefix: true})
	}
	slices.SortFunc(page.Entries, func(a, b storage.Entry) int { return strings.Compare(a.Key, b.Key) })
	if result.IsTruncated && len(page.Entries) > 0 {
		page.Next = page.Entries[len(page.Entries)-1].Key
	}
	return page, nil
}
