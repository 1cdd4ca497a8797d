package scenarios

import (
	"errors"
	"strings"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

var httpScenarios = map[string]func(*run) error{"http-fetch": httpFetch, "http-redirect": httpRedirect, "http-refused": httpRefused}

func httpFetch(r *run) error {
	web, err := r.HTTP("web")
	if err != nil {
		return err
	}
	answer, err := web.Do(edge.HTTPRequest{
		Method: "PUT", URL: r.config("url") + "/path?x=1", Headers: edge.Fields{{Name: "x", Value: "1"}, {Name: "x", Value: "2"}}, Body: []byte("sent"),
	})
	if err != nil {
		return err
	}
	r.say("status: %d", answer.Status)
	r.say("cookies: %s", strings.Join(answer.Headers.Values("set-cookie"), " "))
	r.say("body: %s", answer.Body)
	r.say("url: %s", strings.TrimPrefix(answer.URL, r.config("url")))
	r.say("timed: %t", answer.Elapsed > 0)
	return nil
}

func httpRedirect(r *run) error {
	web, err := r.HTTP("web")
	if err != nil {
		return err
	}
	followed, e1 := web.Get(r.config("url") + "/there")
	kept, e2 := web.Do(edge.HTTPRequest{URL: r.config("url") + "/there", NoRedirects: true})
	if err := errors.Join(e1, e2); err != nil {
		return err
	}
	r.say("followed: %d %s", followed.Status, strings.TrimPrefix(followed.URL, r.config("url")))
	r.say("kept: %d %s", kept.Status, kept.Headers.Get("location"))
	return nil
}

func httpRefused(r *run) error {
	web, err := r.HTTP("web")
	if err != nil {
		return err
	}
	for _, s := range []struct {
		label string
		edge.HTTPRequest
	}{
		{"host", edge.HTTPRequest{URL: "http://elsewhere.example/"}},
		{"url", edge.HTTPRequest{URL: "nonsense"}},
		{"large", edge.HTTPRequest{URL: r.config("url") + "/here", MaxBody: 2}},
		{"redirected away", edge.HTTPRequest{URL: r.config("url") + "/away"}},
		{"slow", edge.HTTPRequest{URL: r.config("url") + "/slow", Timeout: 50 * time.Millisecond}},
		{"closed", edge.HTTPRequest{URL: r.config("closed")}},
	} {
		_, err := web.Do(s.HTTPRequest)
		r.outcome(s.label, err)
	}
	return nil
}
