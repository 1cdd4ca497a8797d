package gateway_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/fetch"
)

func TestAHandlerFetches(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", strings.Join(r.Header["X-A"], ",")+" "+r.Header.Get("Traceparent"))
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(r.Method + " " + r.URL.Path + " " + string(body)))
	}))
	defer upstream.Close()
	host := strings.TrimPrefix(upstream.URL, "http://")
	s, err := fetch.Open(service.Spec{Name: "out", Workers: 4, Mailbox: 16, Timeout: 5 * time.Second, Options: config.Options{
		"allow": []string{host}, "per_host": int64(4), "connect_timeout": time.Second, "max_redirects": int64(5), "max_body": int64(1 << 20),
	}}, service.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	_, address := start(t, gateway.Options{Services: map[string]abi.Service{abi.HTTPID: s}},
		gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("fetch", "/{how}", build(t, "testdata/handlers/fetch"))}})
	c, err := rawclient.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Do([]byte("GET /fetch?" + upstream.URL + "/path HTTP/1.1\r\nHost: x\r\nTraceParent: 00-abc-01\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if seen := r.Header("X-Seen"); r.Status != 418 || string(r.Body) != "PUT /path body" || seen != "1,2 00-abc-01" {
		t.Errorf("%d %q, the server saw %q", r.Status, r.Body, seen)
	}
	expect(t, c, "fetch?http://elsewhere.example/", 200, "-4 the service does not allow requests to elsewhere.example, port 80")
	expect(t, c, "fetch?nonsense", 200, `-2 the URL is malformed`)
	expect(t, c, "broken?http://"+host+"/", 200, "-14 a URL of "+strconv.Itoa(len(host)+8)+" bytes, 1000 headers, a body of 4 bytes; at most 16384, 256 and 67108864 can be sent")
	expect(t, c, "flags?http://"+host+"/", 200, "-3 unknown flags 0x40")
	expect(t, c, "no-args", 200, "-2 malformed arguments")
}
