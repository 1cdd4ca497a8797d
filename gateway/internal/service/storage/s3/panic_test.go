package s3

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

// panicking is a backend whose requests for the key "panic" panic once the
// server has answered, with the connection in use.
type panicking struct{ *backend }

type panickingTransport struct{ *http.Transport }

func (t panickingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.Transport.RoundTrip(r)
	if err == nil && strings.HasSuffix(r.URL.Path, "/panic") {
		panic("a driver at fault")
	}
	return answer, err
}

func (p panicking) Open(ctx context.Context) (storage.Conn, error) {
	c, err := p.connect()
	if err == nil {
		c.base = panickingTransport{c.base.(*http.Transport)}
	}
	return c, err
}

func TestPanicCostsOneCallerAndOneConnection(t *testing.T) {
	server := servertest.S3(t, "test-bucket")
	proxy := servertest.NewProxy(t, server.Address)
	b := panicking{&backend{
		endpoint: proxy.Address, bucket: "test-bucket", region: "us-east-1", part: minPart,
		creds: credentials.NewStaticV4(servertest.S3AccessKey, servertest.S3SecretKey, ""),
	}}
	s := storagetest.Started(t, storage.New(storagetest.Spec("s3", config.Options{}), storagetest.Env(t), b, storage.Limits{Object: 1 << 30}), nil)
	storagetest.Do(t, s, storage.Put{Key: "good", Body: make([]byte, 200_000)})
	const panics = 5
	var all sync.WaitGroup
	for range panics {
		all.Go(func() {
			if _, err := s.Do(service.Call{}, storage.Get{Key: "panic"}); service.ErrorOf(err).Status != abi.ErrInternal {
				t.Errorf("the caller of a panic: %s", storagetest.Describe(err))
			}
		})
	}
	for range 40 { // also in the mailbox meanwhile
		all.Go(func() {
			if r, err := s.Do(service.Call{}, storage.Get{Key: "good"}); err != nil || len(r.Object.Body) != 200_000 {
				t.Errorf("another caller: %s", storagetest.Describe(err))
			}
		})
	}
	all.Wait()
	if n := s.Stats().Panics; n != panics {
		t.Errorf("%d panics", n)
	}
	storagetest.Eventually(t, "the connections of the panics are closed", func() bool {
		now, most, _ := proxy.Connections()
		return now <= 4 && most <= 4+panics
	})
	storagetest.Do(t, s, storage.Get{Key: "good"})
}
