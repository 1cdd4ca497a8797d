package s3

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

const (
	minPart   = 5 << 20 // bytes: what the protocol says
	maxPart   = 1 << 30
	maxParts  = 10_000
	maxPrefix = 512
)

// backend is a bucket.
type backend struct {
	endpoint string // host and port
	secure   bool
	bucket   string
	region   string
	prefix   string // of all keys
	part     int    // bytes
	creds    *credentials.Credentials
}

// Open makes the service. It does not connect.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	o := spec.Options
	u, err := url.Parse(o.Text("endpoint"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("endpoint is no URL such as https://s3.example.com, without path and user")
	}
	b := &backend{
		endpoint: u.Host, secure: u.Scheme == "https", bucket: o.Text("bucket"), region: o.Text("region"),
		prefix: o.Text("prefix"), part: int(o.Int("part_size")),
		creds: credentials.NewStaticV4(o.Secret("access_key").Reveal(), o.Secret("secret_key").Reveal(), ""),
	}
	switch {
	case s3utils.CheckValidBucketName(b.bucket) != nil:
		return nil, fmt.Errorf("bucket %q: %w", b.bucket, s3utils.CheckValidBucketName(b.bucket))
	case b.region == "":
		return nil, fmt.Errorf("region is empty") // else it would have to be asked for
	case b.part < minPart || b.part > maxPart:
		return nil, fmt.Errorf("part_size is %d bytes; %d to %d are allowed", b.part, minPart, maxPart)
	case len(b.prefix) > maxPrefix || !utf8.ValidString(b.prefix):
		return nil, fmt.Errorf("prefix is longer than %d bytes, or no UTF-8", maxPrefix)
	}
	limits := storage.Limits{Key: storage.MaxKey - len(b.prefix), Object: int64(b.part) * maxParts}
	return storage.New(spec, env, b, limits), nil
}

// Probe implements storage.Backend: it asks for one key, which takes a server
// that answers, a bucket, and rights on it.
func (b *backend) Probe(ctx context.Context) error {
	c, err := b.connect()
	if err != nil {
		return err
	}
	defer c.close()
	_, err = c.List(ctx, storage.List{Limit: 1})
	return err
}
