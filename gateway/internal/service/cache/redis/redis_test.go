package redis

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/cachetest"
)

func TestSuite(t *testing.T) {
	server := servertest.Redis(t)
	cachetest.Suite(t, func(t testing.TB) *cache.Service {
		return cachetest.Open(t, Open, service.Spec{Options: cachetest.Options("address", server.Address, "prefix", t.Name()+":")})
	})
}

func open(t testing.TB, options ...any) *cache.Service {
	return cachetest.Open(t, Open, service.Spec{Workers: 2, Timeout: 2 * time.Second, Options: cachetest.Options(options...)})
}

func TestPanic(t *testing.T) {
	s, err := newBackend(service.Spec{Timeout: time.Second, Options: cachetest.Options("address", servertest.Redis(t).Address)})
	if err != nil {
		t.Fatal(err)
	}
	cachetest.Panics(t, s)
}

func TestPassword(t *testing.T) {
	const right, wrong = "tr0ub4dor", "c0rrect-h0rse"
	address := servertest.Redis(t, "--requirepass", right).Address
	get := cache.Request{Op: cache.Get, Keys: []string{"k"}}
	cachetest.Do(t, open(t, "address", address, "password", config.Hidden(right)), get).Want(t, "the right password", abi.OK)
	for name, options := range map[string][]any{
		"a wrong password": {"address", address, "password", config.Hidden(wrong)},
		"no password":      {"address", address},
		"a wrong user":     {"address", address, "username", "nobody", "password", config.Hidden(wrong)},
	} {
		s := open(t, options...)
		answer := cachetest.Do(t, s, get).Want(t, name, abi.ErrRefused)
		err := s.Probe(t.Context())
		if err == nil {
			t.Errorf("%s: the probe sees nothing", name)
		}
		if s.Stats().Fault == nil {
			t.Errorf("%s: the service shows no fault", name)
		}
		if text := fmt.Sprint(answer.Err, err, s.Stats().Fault); strings.Contains(text, wrong) {
			t.Errorf("the password shows in %q", text)
		}
	}
}

func TestWhatRedisRefuses(t *testing.T) {
	address := servertest.Redis(t).Address
	s := open(t, "address", address)
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	do := func(words ...string) {
		if err := client.Do(t.Context(), client.B().Arbitrary(words...).Build()).Error(); err != nil {
			t.Fatal(err)
		}
	}
	do("RPUSH", "list", "x")
	for name, r := range map[string]cache.Request{
		"count": {Op: cache.Count, Key: "list", Delta: 1},
		"swap":  {Op: cache.Put, Mode: cache.Swap, Key: "list"},
	} {
		answer := cachetest.Do(t, s, r).Want(t, name, abi.ErrRefused)
		if e := service.ErrorOf(answer.Err); e.Code != "WRONGTYPE" {
			t.Errorf("%s: the code is %q", name, e.Code)
		}
	}
	do("CONFIG", "SET", "maxmemory", "1")
	cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: "k"}).Want(t, "a put without memory", abi.ErrRefused)
	do("CONFIG", "SET", "maxmemory", "0")
	do("SCRIPT", "FLUSH") // scripts are sent again
	cachetest.Do(t, s, cache.Request{Op: cache.Count, Key: "n", Create: true}).Want(t, "count", abi.OK)
	if err := open(t, "address", address, "database", int64(99)).Probe(t.Context()); err == nil {
		t.Error("a database that is not there is taken")
	}
}

func TestGreatValues(t *testing.T) {
	s := open(t, "address", servertest.Redis(t).Address)
	value := bytes.Repeat([]byte("0123456789abcdef"), cache.MaxValue/16)
	cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: "a", Value: value}).Want(t, "put", abi.OK)
	cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: "b", Value: []byte("x")}).Want(t, "put", abi.OK)
	if got := cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: []string{"a"}}).Want(t, "get", abi.OK); !bytes.Equal(got.Entries[0].Value, value) {
		t.Error("the value is another")
	}
	cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: []string{"a", "b"}}).Want(t, "get too much", abi.ErrTooLarge)
}

func TestTLS(t *testing.T) {
	files := certificate(t)
	port := servertest.Port(t)
	server := servertest.Redis(t, "--tls-port", strconv.Itoa(port), "--tls-cert-file", files.cert, "--tls-key-file", files.key,
		"--tls-ca-cert-file", files.cert, "--tls-auth-clients", "no")
	_ = server
	get := cache.Request{Op: cache.Get, Keys: []string{"k"}}
	address := servertest.Loopback(port)
	cachetest.Do(t, open(t, "address", address, "tls", true, "ca", files.cert), get).Want(t, "a certificate that is trusted", abi.OK)
	cachetest.Do(t, open(t, "address", address, "tls", true), get).Want(t, "one that is not", abi.ErrUnavailable)
}

// certificate makes a certificate for 127.0.0.1 and its key.
func certificate(t *testing.T) (files struct{ cert, key string }) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	files.cert, files.key = write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private)
	return files
}
