package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
)

// onSocket serves on the socket of a data directory.
func onSocket(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	dir := t.TempDir()
	ln, err := net.Listen("unix", filepath.Join(dir, client.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	c, err := client.New(client.Options{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNamesAreEscapedAndAnswersRead(t *testing.T) {
	c := onSocket(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"path":%q,"body":%q,"type":%q}`, r.URL.EscapedPath(), body, r.Header.Get("Content-Type"))
	})
	var answer map[string]string
	err := c.Do(context.Background(), client.Request{Method: "POST", Path: client.Path("endpoints", "a/../b?c"), In: []int{1}}, &answer)
	want := map[string]string{"path": "/api/v1/endpoints/a%2F..%2Fb%3Fc", "body": "[1]", "type": "application/json"}
	if err != nil || !reflect.DeepEqual(answer, want) {
		t.Errorf("%v, %v", answer, err)
	}
}

func TestProblemsReadAsSentences(t *testing.T) {
	for _, test := range []struct{ body, says string }{
		{`{"status":422,"detail":"the path is not valid","errors":[{"message":"it has no slash","location":"body.path"}]}`, "the path is not valid\n  body.path: it has no slash"},
		{`{"status":422,"detail":"it does not compile","output":"line 1: oops\n"}`, "it does not compile\n  line 1: oops"},
		{`{"status":422,"detail":"body.a: too long","errors":[{"message":"too long","location":"body.a"}]}`, "body.a: too long"},
	} {
		c := onSocket(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(422)
			fmt.Fprint(w, test.body)
		})
		err := c.Do(context.Background(), client.Request{Method: "GET", Path: "/x"}, nil)
		var problem *client.Problem
		if !errors.As(err, &problem) || problem.Status != 422 || err.Error() != test.says {
			t.Errorf("%s: %v", test.body, err)
		}
	}
}

func TestEventsAreReadUntilTheirEnd(t *testing.T) {
	c := onSocket(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "text/event-stream" {
			t.Error("it does not ask for events")
		}
		fmt.Fprint(w, ": heartbeat\n\nevent: line\ndata: one\ndata: two\n\ndata:"+strings.Repeat("x", 1<<20)+"\n\nid: 7\n\ndata: torn")
	})
	var got []client.Event
	err := c.Events(context.Background(), client.Request{Method: "GET", Path: "/x"}, func(e client.Event) error {
		got = append(got, e)
		return nil
	})
	want := []client.Event{{Name: "line", Data: "one\ntwo"}, {Name: "message", Data: strings.Repeat("x", 1<<20)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%d events, %v", len(got), err)
	}
}

func TestAnAnswerOfSomethingElseIsToldApart(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no endpoint has this path", http.StatusNotFound)
	}))
	defer server.Close()
	c, err := client.New(client.Options{Server: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Do(context.Background(), client.Request{Method: "GET", Path: "/status"}, nil)
	var problem *client.Problem
	if errors.As(err, &problem) || err == nil || !strings.Contains(err.Error(), "is that the address of an admin API?") {
		t.Error(err)
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	for _, server := range []string{"ftp://a", "http://", "://", "a b"} {
		if _, err := client.New(client.Options{Server: server}); err == nil {
			t.Errorf("%q is taken for an address", server)
		}
	}
	c, err := client.New(client.Options{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(context.Background(), client.Request{Method: "GET", Path: "/x"}, nil); !errors.Is(err, client.ErrUnreachable) || !strings.Contains(err.Error(), "edge-gateway serve") {
		t.Errorf("%v", err)
	}
}
