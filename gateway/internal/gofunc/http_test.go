package gofunc_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/fetch"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestRequestsOfTheProgram(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			http.Redirect(w, r, "/here", http.StatusFound)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %q %q %s", r.Method, r.URL, r.Header.Values("x"), body, r.Header.Get("traceparent"))
	}))
	defer server.Close()
	h := &host{}
	h.lend(t, "web", "http", fetch.Open, config.Options{"allow": []string{server.Listener.Addr().String()}, "allow_private": true})
	h.run(t, func(r *edge.Request) error {
		web, err := r.HTTP("web")
		if err != nil {
			return err
		}
		answer, err := web.Do(edge.HTTPRequest{
			Method: "PUT", URL: server.URL + "/a?b=c", Headers: edge.Fields{{Name: "x", Value: "1"}, {Name: "x", Value: "2"}}, Body: []byte("sent"), Timeout: time.Minute,
		})
		if err != nil {
			return err
		}
		if answer.Status != http.StatusTeapot || string(answer.Body) != `PUT /a?b=c ["1" "2"] "sent" 00-trace-1` ||
			fmt.Sprint(answer.Headers.Values("set-cookie")) != "[a=1 b=2]" || answer.URL != server.URL+"/a?b=c" || answer.Elapsed <= 0 {
			t.Errorf("got %+v %s", answer, answer.Body)
		}
		if answer, err = web.Get(server.URL + "/there"); err != nil || answer.URL != server.URL+"/here" {
			t.Errorf("redirected: %+v, %v", answer, err)
		}
		answer, err = web.Do(edge.HTTPRequest{URL: server.URL + "/there", NoRedirects: true})
		if err != nil || answer.Status != 302 || answer.Headers.Get("location") != "/here" {
			t.Errorf("not redirected: %+v, %v", answer, err)
		}
		if _, err := web.Get("http://elsewhere.example.com/"); !errors.Is(err, edge.ErrDenied) {
			t.Errorf("a host that is not allowed: %v", err)
		}
		if _, err := web.Do(edge.HTTPRequest{URL: server.URL, MaxBody: 3}); !errors.Is(err, edge.ErrTooLarge) {
			t.Errorf("too much: %v", err)
		}
		return nil
	})
}
