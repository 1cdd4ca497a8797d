package control

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
	"github.com/edge-gateway/edge-gateway/toolchain/confine"
)

// builder and compiled are shared: one library does for all versions, which
// differ by the text that they answer with.
var (
	builder  *toolchain.Toolchain
	compiled = sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "edge-gateway-test-*")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(handlerInC), 0o600); err != nil {
			return nil, err
		}
		made, err := builder.Build(context.Background(), dir)
		if err != nil {
			return nil, err
		}
		return os.ReadFile(made.Path)
	})
)

// handlerInC answers with its marker. Config "fail" has it refuse to start; a
// marker that begins with "5" has it answer 500.
const handlerInC = `#include "edge_gateway_sdk.h"
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes text = eg_text("marker-0000");
  const uint8_t *volatile begin = (const uint8_t *)text.ptr; // the compiler is not to know it
  return eg_answer(host, request, response, begin[0] == '5' ? 500 : 200, "text/plain", text);
}
static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  return eg_config(host, "fail").ptr ? EG_E_INVALID : EG_OK;
}
EG_HANDLER_UNLOADABLE("marker", "1.0");
EG_INIT(start);
EG_ENTRY(answer);
`

const marker = "marker-0000"

func TestMain(m *testing.M) {
	trial.Main()
	confine.Main()
	if dir := os.Getenv(childDir); dir != "" {
		runChild(dir, os.Getenv(childLibraries))
	}
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	cache, err := os.MkdirTemp("", "edge-gateway-test-*")
	if err == nil {
		defer os.RemoveAll(cache)
		builder, err = toolchain.New(toolchain.Config{CacheDir: cache})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// version is a library that answers with a text of 11 bytes.
func version(t testing.TB, text string) []byte {
	t.Helper()
	library, err := compiled()
	var missing *toolchain.MissingError
	if errors.As(err, &missing) && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
		t.Skip(err)
	}
	var failed *toolchain.BuildError
	if errors.As(err, &failed) {
		t.Fatalf("%v\n%s", err, failed.Output)
	}
	must(t, err)
	if len(text) != len(marker) || !bytes.Contains(library, []byte(marker)) {
		t.Fatalf("%q cannot take the place of %q", text, marker)
	}
	return bytes.ReplaceAll(library, []byte(marker), []byte(text))
}

// box is a gateway with its control plane, as one process has them.
type box struct {
	*Control
	t       testing.TB
	dir     string
	gateway *gateway.Gateway
	address string
	ctx     context.Context // of an admin called "tester"
	stop    func()
}

// open starts a box in a directory of its own, or in that of an earlier one.
func open(t testing.TB, dir string, options ...func(*Options)) *box {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	g, err := gateway.New(gateway.Options{Dir: dir, Log: log, IdleGrace: 50 * time.Millisecond})
	must(t, err)
	o := Options{Dir: dir, Worker: g, Log: log, Toolchain: builder}
	for _, set := range options {
		set(&o)
	}
	c, err := Open(t.Context(), o)
	must(t, err)
	must(t, c.Declare(t.Context(), gateway.Snapshot{}))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	b := &box{Control: c, t: t, dir: dir, gateway: g, address: ln.Addr().String()}
	b.ctx = model.WithActor(context.Background(), model.Actor{Name: "tester", From: "127.0.0.1", Scope: model.ScopeAdmin})
	b.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(c.Close(ctx), g.Shutdown(ctx)); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, gateway.ErrClosed) {
			t.Error("serve: ", err)
		}
	})
	t.Cleanup(b.stop)
	return b
}

// get asks the gateway, and gives status and body.
func (b *box) get(path string) (int, string) {
	b.t.Helper()
	answer, err := http.Get("http://" + b.address + path)
	must(b.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(b.t, err)
	return answer.StatusCode, string(body)
}

func (b *box) serves(path string, status int, part string) {
	b.t.Helper()
	if got, body := b.get(path); got != status || !strings.Contains(body, part) {
		b.t.Errorf("GET %s: %d %q, want %d %q", path, got, body, status, part)
	}
}

func (b *box) create(name, path string) model.Endpoint {
	b.t.Helper()
	e, err := b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: name, Path: path})
	must(b.t, err)
	return e
}

// upload makes a version that answers with text, and gives its digest.
func (b *box) upload(endpoint, text string) string {
	b.t.Helper()
	v, err := b.Upload(b.ctx, endpoint, bytes.NewReader(version(b.t, text)), "")
	must(b.t, err)
	return v.Digest
}

func (b *box) deploy(endpoint, digest string) model.DeployResult {
	b.t.Helper()
	r, err := b.Deploy(b.ctx, endpoint, model.DeployRequest{Version: digest})
	must(b.t, err)
	return r
}

// live makes an endpoint that answers with text.
func (b *box) live(name, path, text string) string {
	b.t.Helper()
	b.create(name, path)
	digest := b.upload(name, text)
	b.deploy(name, digest)
	return digest
}

// audited gives what the audit has, the newest first, in short.
func (b *box) audited(f model.AuditFilter) (lines []string) {
	b.t.Helper()
	list, err := b.Audit(b.ctx, f, model.Page{})
	must(b.t, err)
	for _, e := range list.Items {
		lines = append(lines, strings.TrimSpace(e.By+" "+e.Action+" "+e.Target+" "+e.Outcome))
	}
	return lines
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants checks that an error is of a kind and says something.
func wants(t testing.TB, err error, kind model.Kind, field, says string) {
	t.Helper()
	var problem *model.Error
	if !errors.As(err, &problem) || problem.Kind != kind || problem.Field != field || !strings.Contains(problem.Reason, says) {
		t.Errorf("error %#v (%v), want kind %d of %q: %q", problem, err, kind, field, says)
	}
}

// tarOf is an archive of files by name.
func tarOf(t testing.TB, files map[string]string) io.Reader {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for name, content := range files {
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg, ModTime: time.Now()}))
		_, err := io.WriteString(w, content)
		must(t, err)
	}
	must(t, w.Close())
	return &data
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	must(t, os.WriteFile(path, data, 0o600))
}
