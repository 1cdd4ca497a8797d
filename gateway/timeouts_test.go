package gateway_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

const plainGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func TestAnIdleConnectionIsClosedAfterItsTimeout(t *testing.T) {
	const idle = 200 * time.Millisecond
	_, addr := start(t, gateway.Options{IdleTimeout: idle}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("ok", "/", ok)}})
	c := connect(t, addr)
	for range 3 { // together longer than the timeout: each request starts it anew
		expect(t, c, "", 200, "ok")
		time.Sleep(idle / 2)
	}
	expect(t, c, "", 200, "ok")
	begin := time.Now()
	if err := c.AtEnd(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < idle-20*time.Millisecond {
		t.Errorf("closed after %v", took)
	}
}

// The timeout of a request is not stretched by waiting for the one before.
func TestASlowPipelinedRequestIs408(t *testing.T) {
	_, addr := start(t, gateway.Options{ReadTimeout: 200 * time.Millisecond}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("ok", "/", ok)}})
	c := connect(t, addr)
	begin := time.Now()
	if err := c.Write([]byte(plainGet + "GET / HT")); err != nil {
		t.Fatal(err)
	}
	if r, err := c.ReadResponse("GET"); err != nil || r.Status != 200 {
		t.Fatalf("%v, %+v", err, r)
	}
	r, err := c.ReadResponse("GET")
	if err != nil || r.Status != 408 || !r.Close {
		t.Fatalf("%v, %+v", err, r)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("answered after %v", took)
	}
}

// A handler may take longer than a request may take to arrive, and the
// connection goes on.
func TestTheReadTimeoutEndsWithTheRequest(t *testing.T) {
	_, addr := start(t, gateway.Options{ReadTimeout: 100 * time.Millisecond}, gateway.Snapshot{
		Endpoints: []gateway.Endpoint{function("slow", "/", func(*edge.Request) (*edge.Response, error) {
			time.Sleep(300 * time.Millisecond)
			return edge.Text(200, "slow"), nil
		})},
	})
	c := connect(t, addr)
	for range 2 {
		expect(t, c, "", 200, "slow")
	}
}

func TestAnAnswerThatIsNotReadIsGivenUp(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 32<<20)
	_, addr := start(t, gateway.Options{WriteTimeout: 200 * time.Millisecond}, gateway.Snapshot{
		Endpoints: []gateway.Endpoint{function("large", "/", func(*edge.Request) (*edge.Response, error) {
			return &edge.Response{Status: 200, Body: large}, nil
		})},
	})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, plainGet); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // reading nothing, with more under way than the system's buffers hold
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, _ := io.Copy(io.Discard, c); n >= int64(len(large)) {
		t.Errorf("%d bytes came", n)
	}
}
