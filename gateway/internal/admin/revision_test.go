package admin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestARevisionGuardsAgainstLostUpdates(t *testing.T) {
	s := serve(t)
	path := v1 + "/endpoints/orders"
	tag := s.do("POST", v1+"/endpoints", orders).Header.Get("ETag")
	if got := s.do("PUT", path, orders, "If-Match", tag); got.StatusCode != 200 || got.Header.Get("ETag") != `"2"` {
		t.Errorf("%s %v", got.Status, got.Header)
	}
	got := s.do("PUT", path, orders, "If-Match", tag)
	if p := got.problem(t); p.Status != http.StatusPreconditionFailed || !strings.Contains(p.Detail, "revision 2") {
		t.Errorf("%s", got.body)
	}
	for _, c := range []struct {
		tag    string
		status int
	}{{"*", 200}, {"", 200}, {`"0"`, 412}, {`W/"3"`, 422}, {"3", 422}, {`"x"`, 422}} {
		if got := s.do("PUT", path, orders, "If-Match", c.tag); got.StatusCode != c.status {
			t.Errorf("If-Match %s: %s", c.tag, got.Status)
		}
	}
}

func TestWhatAClientHasIsNotSentAgain(t *testing.T) {
	s := serve(t)
	s.do("POST", v1+"/endpoints", orders)
	for _, c := range []struct {
		tags   string
		status int
	}{{`"1"`, 304}, {`W/"1"`, 304}, {`"7", "1"`, 304}, {"*", 304}, {`"2"`, 200}, {"", 200}} {
		got := s.do("GET", v1+"/endpoints/orders", "", "If-None-Match", c.tags)
		if got.StatusCode != c.status || got.Header.Get("ETag") != `"1"` || (len(got.body) == 0) != (c.status == 304) {
			t.Errorf("If-None-Match %s: %s %s", c.tags, got.Status, got.body)
		}
	}
}

func TestACreateIsDoneOnce(t *testing.T) {
	s := serve(t)
	key := []string{"Idempotency-Key", "create-1"}
	first := s.do("POST", v1+"/endpoints", orders, key...)
	again := s.do("POST", v1+"/endpoints", orders, key...)
	if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("replayed: %v, then %v", first.Header, again.Header)
	}
	for _, name := range []string{"ETag", "Location", "Content-Type"} {
		if first.Header.Get(name) != again.Header.Get(name) {
			t.Errorf("%s is %q, then %q", name, first.Header.Get(name), again.Header.Get(name))
		}
	}
	if again.StatusCode != http.StatusCreated || string(again.body) != string(first.body) || s.fake.created != 1 {
		t.Errorf("made %d times: %s, then %s", s.fake.created, first.body, again.body)
	}
	other := s.do("POST", v1+"/endpoints", strings.Replace(orders, "orders", "others", 1), key...)
	if p := other.problem(t); p.Status != http.StatusUnprocessableEntity || p.Errors[0].Location != "header.Idempotency-Key" {
		t.Errorf("%s", other.body)
	}
	if got := s.do("POST", v1+"/endpoints", orders); got.problem(t).Status != http.StatusConflict || got.problem(t).Other != "endpoint/orders" {
		t.Errorf("without the key: %s", got.body)
	}
}

// TestATokenIsNotKeptForASecondAnswer shows that keys are not made through
// Once, which stores answers.
func TestATokenIsNotKeptForASecondAnswer(t *testing.T) {
	s := serve(t)
	got := s.do("POST", v1+"/keys", `{"name":"ci","scope":"read"}`, "Idempotency-Key", "create-1")
	if got.StatusCode != http.StatusCreated || len(s.fake.answers) > 0 {
		t.Errorf("%s, %d answers are kept", got.Status, len(s.fake.answers))
	}
	if strings.Contains(s.log.String(), "secret") {
		t.Error("the token is in the log")
	}
}

func TestAListIsGivenInParts(t *testing.T) {
	s := serve(t)
	var names []string
	next := v1 + "/endpoints?limit=2&origin=api"
	for parts := 0; next != ""; parts++ {
		if parts > 5 {
			t.Fatal("the list has no end")
		}
		got := s.do("GET", next, "")
		var l model.List[model.Endpoint]
		if err := json.Unmarshal(got.body, &l); err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Items {
			names = append(names, e.Name)
		}
		link := got.Header.Get("Link")
		if (link == "") != (l.Next == "") {
			t.Fatalf("Link is %q and next %q", link, l.Next)
		}
		next = ""
		if link != "" {
			var ok bool
			if next, ok = strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`); !ok || !strings.Contains(next, "origin=api") {
				t.Fatalf("Link: %s", link)
			}
		}
	}
	if strings.Join(names, " ") != "e0 e1 e2 e3 e4" {
		t.Errorf("%v", names)
	}
}
