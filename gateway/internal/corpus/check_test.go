package corpus

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
)

// serve runs server on loopback until the test ends.
func serve(t *testing.T, server *fasthttp.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.Logger = quiet{}
	server.ReadTimeout = 10 * time.Second
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.ShutdownWithContext(ctx)
		<-done
	})
	return listener.Addr().String()
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

func TestPlainFasthttpIsCaught(t *testing.T) {
	var ran atomic.Int64
	addr := serve(t, &fasthttp.Server{Handler: func(*fasthttp.RequestCtx) { ran.Add(1) }})
	violations, err := Violations(addr, func() int { return int(ran.Load()) })
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, v := range violations {
		found[v.Request.Name] = v.What
	}
	t.Logf("%d of %d entries are served", len(violations), len(Requests()))
	for _, name := range []string{
		"header folded with a space", "header name of two words", "version 2.0", "coding after a length",
		"coding before a length", "coding identity", "host with a comma",
		"target of CONNECT", "target of OPTIONS that is the server", "target with a fragment",
	} {
		if !strings.HasPrefix(found[name], "a handler ran 1 times; answered ") {
			t.Errorf("%s: reported as %q", name, found[name])
		}
	}
	for _, name := range []string{"line ends of LF alone", "coding folded"} {
		if found[name] != "a handler ran 2 times; answered more than once: [200 200]" {
			t.Errorf("%s: reported as %q", name, found[name])
		}
	}
	if what, ok := found["host missing"]; ok {
		t.Errorf("host missing: fasthttp refuses it, and yet: %s", what)
	}
}

// The package wire over fasthttp, as the gateway puts them together, refuses
// all of it.
func TestWireOverFasthttpRefusesAll(t *testing.T) {
	var ran atomic.Int64
	addr := serve(t, &fasthttp.Server{
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               16 << 10,
		SecureErrorLogMessage:        true,
		Handler: func(ctx *fasthttp.RequestCtx) {
			if err := strict(ctx); err != nil {
				ctx.Error(err.Error(), 400)
				ctx.SetConnectionClose()
				return
			}
			ran.Add(1)
		},
	})
	Check(t, addr, func() int { return int(ran.Load()) })
}

func strict(ctx *fasthttp.RequestCtx) error {
	header := &ctx.Request.Header
	http11, err := wire.CheckVersion(header.Protocol())
	if err != nil {
		return err
	}
	target, err := wire.ParseTarget(header.Method(), header.RequestURI())
	if err != nil {
		return err
	}
	if _, _, err := wire.NormalizePath(nil, target.Path); err != nil {
		return err
	}
	var s wire.Scanner
	s.Reset(header.RawHeaders(), http11)
	for s.Next() {
	}
	if err := s.Err(); err != nil {
		return err
	}
	if body := ctx.RequestBodyStream(); body != nil {
		_, err = io.Copy(io.Discard, body)
	}
	return err
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name    string
		outcome outcome
		fine    bool
	}{
		{"closed", outcome{}, true},
		{"refused", outcome{statuses: []int{400}}, true},
		{"too large", outcome{statuses: []int{431}}, true},
		{"not implemented", outcome{statuses: []int{501}}, true},
		{"version", outcome{statuses: []int{505}}, true},
		{"served", outcome{statuses: []int{200}}, false},
		{"redirected", outcome{statuses: []int{301}}, false},
		{"failed", outcome{statuses: []int{500}}, false},
		{"unavailable", outcome{statuses: []int{503}}, false},
		{"refused twice", outcome{statuses: []int{400, 400}}, false},
		{"refused and served", outcome{statuses: []int{400, 200}}, false},
		{"left open", outcome{err: io.ErrNoProgress}, false},
		{"refused and then noise", outcome{statuses: []int{400}, err: io.ErrNoProgress}, false},
	} {
		if fault := judge(c.outcome); (fault == "") != c.fine {
			t.Errorf("%s: %q", c.name, fault)
		}
	}
}

func TestViolationsNeedsAServerThatServes(t *testing.T) {
	refuses := serve(t, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(400) }})
	if _, err := Violations(refuses, func() int { return 0 }); err == nil {
		t.Error("a server that refuses everything passes")
	}
	serves := serve(t, &fasthttp.Server{Handler: func(*fasthttp.RequestCtx) {}})
	if _, err := Violations(serves, func() int { return 0 }); err == nil {
		t.Error("a marker that counts nothing passes")
	}
}
