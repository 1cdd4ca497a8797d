package s3_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/s3"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

const (
	bucket = "test-bucket"
	prefix = "pre/fix/"
)

func spec(address string) service.Spec {
	return storagetest.Spec("s3", config.Options{
		"endpoint": "http://" + address, "bucket": bucket, "region": "us-east-1", "prefix": prefix,
		"access_key": config.Hidden(servertest.S3AccessKey), "secret_key": config.Hidden(servertest.S3SecretKey),
		"part_size": int64(5 << 20),
	})
}

func open(t testing.TB, spec service.Spec) *storage.Service {
	t.Helper()
	s, err := s3.Open(spec, storagetest.Env(t))
	return storagetest.Started(t, s, err)
}

func TestSuite(t *testing.T) {
	var address string
	storagetest.Suite(t, storagetest.Driver{
		Open: func(t testing.TB) *storage.Service {
			address = servertest.S3(t, bucket).Address
			return open(t, spec(address))
		},
		Keep:      kept,
		Left:      func(t testing.TB, _ *storage.Service) int { return unfinished(t, address) },
		Presigned: func(testing.TB, *storage.Service) http.Handler { return nil },
		NoTime:    true,
	})
}

// kept picks what this server can keep: to it keys are paths of files, which it
// brings into their normal form, and a file is no folder. It lists keys as they
// are, which XML has no way to say for control characters.
func kept(keys []string) (kept []string) {
	for _, key := range keys {
		file := len(prefix)+len(key) <= storage.MaxKey && !strings.Contains(key, "\x01")
		for part := range strings.SplitSeq(key, "/") {
			file = file && part != "" && part != "." && part != ".." && len(part) <= 255
		}
		for _, other := range keys {
			file = file && !strings.HasPrefix(other, key+"/")
		}
		if file {
			kept = append(kept, key)
		}
	}
	return kept
}

// unfinished counts the multipart uploads that the server keeps.
func unfinished(t testing.TB, address string) int {
	t.Helper()
	client, err := minio.NewCore(address, &minio.Options{
		Creds: credentials.NewStaticV4(servertest.S3AccessKey, servertest.S3SecretKey, ""), Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.ListMultipartUploads(context.Background(), bucket, "", "", "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Uploads)
}
