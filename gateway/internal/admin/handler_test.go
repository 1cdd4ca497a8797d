package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type ctxt = context.Context

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""}, {"GET", "/api/v2/endpoints", 404, ""}, {"GET", v1 + "/endpoints/", 404, ""},
		{"GET", v1 + "/endpoints/../endpoints", 404, ""}, {"GET", v1 + "//endpoints", 404, ""}, {"GET", v1 + "/endpoints/%2e%2e/x", 404, ""},
		{"PATCH", v1 + "/endpoints", 405, "GET, HEAD, POST"}, {"DELETE", v1 + "/status", 405, "GET, HEAD"},
		{"PUT", v1 + "/endpoints/orders/deploy", 405, "POST"}, {"OPTIONS", v1 + "/endpoints/orders", 405, "GET, HEAD, PUT, DELETE"},
		{"GET", v1 + "/endpoints/" + strings.Repeat("a", 65), 422, ""}, {"GET", v1 + "/endpoints/%00", 422, ""}, {"GET", v1 + "/endpoints/a%2Fb", 422, ""},
		{"GET", v1 + "/endpoints?limit=1&limit=2", 400, ""}, {"GET", v1 + "/endpoints?limit=%zz", 400, ""}, {"GET", v1 + "/endpoints?q=", 400, ""},
		{"GET", v1 + "/endpoints?unknown=1", 422, ""}, {"GET", v1 + "/endpoints?limit=0", 422, ""}, {"GET", v1 + "/endpoints?after=bad", 422, ""},
		{"GET", v1 + "/audit?since=yesterday", 422, ""},
	} {
		r, err := http.NewRequest(c.method, s.url+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		path, query, _ := strings.Cut(c.path, "?")
		r.URL.Opaque, r.URL.RawQuery = "//"+r.Host+path, query // not made canonical on the way
		r.Header.Set("Authorization", "Bearer t-admin")
		got := s.send(r)
		if got.StatusCode != c.status || got.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q, not %d, %q: %s", c.method, c.path, got.StatusCode, got.Header.Get("Allow"), c.status, c.allow, got.body)
			continue
		}
		got.problem(t)
	}
}

func TestWhatIsWrongWithARequestIsTold(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		location   string
	}{
		{"a field is missing", `{"name":"orders"}`, nil, 422, "body.path"},
		{"a field of a wrong type", `{"name":7,"path":"/"}`, nil, 422, "body.name"},
		{"a name that cannot be", `{"name":"A B","path":"/"}`, nil, 422, "body.name"},
		{"another case", `{"Name":"orders","path":"/"}`, nil, 422, "body.name"},
		{"out of range", `{"name":"orders","path":"/","limits":{"max_body":-1}}`, nil, 422, "body.limits.max_body"},
		{"no duration", `{"name":"orders","path":"/","limits":{"timeout":"soon"}}`, nil, 422, "body.limits.timeout"},
		{"a negative duration", `{"name":"orders","path":"/","limits":{"timeout":"-1s"}}`, nil, 422, "body.limits.timeout"},
		{"an unknown field", `{"name":"orders","path":"/","color":"red"}`, nil, 422, "body.color"},
		{"an unknown field within", `{"name":"orders","path":"/","limits":{"color":"red"}}`, nil, 422, "body.limits.color"},
		{"a number too large", `{"name":"orders","path":"/","limits":{"max_body":1e300}}`, nil, 422, "body.limits.max_body"},
		{"no object", `[]`, nil, 422, "body"},
		{"broken JSON", `{"name":`, nil, 400, "body"},
		{"two values", `{"name":"orders","path":"/"} {}`, nil, 400, "body"},
		{"nothing", ``, nil, 400, ""},
		{"another type", `name=orders`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, ""},
		{"a broken type", `{}`, []string{"Content-Type", ";;"}, 415, ""},
		{"too large", `{"name":"` + strings.Repeat("a", maxJSON) + `"}`, nil, 413, ""},
		{"a key with spaces", orders, []string{"Idempotency-Key", "a b"}, 422, "header.Idempotency-Key"},
	} {
		got := s.do("POST", v1+"/endpoints", c.body, c.headers...)
		p := got.problem(t)
		var location string
		for _, one := range p.Errors {
			location = one.Location
			if location == c.location {
				break
			}
		}
		if got.StatusCode != c.status || location != c.location {
			t.Errorf("%s: %d at %q, not %d at %q: %s", c.name, got.StatusCode, location, c.status, c.location, got.body)
		}
	}
	if len(s.fake.endpoints) > 0 {
		t.Error("an endpoint was made")
	}
}

func TestErrorsOfControlHaveTheirStatus(t *testing.T) {
	s := serve(t)
	detailed := &model.Error{Kind: model.Refused, Reason: "it does not compile", Field: "limits.timeout", Detail: "line 1", Other: "endpoint/other"}
	for _, c := range []struct {
		err    error
		status int
		urn    string
	}{
		{model.Errorf(model.Invalid, "x"), 422, "invalid"}, {model.Errorf(model.Missing, "x"), 404, "missing"},
		{model.Errorf(model.Conflict, "x"), 409, "conflict"}, {model.Errorf(model.ReadOnly, "x"), 409, "read-only"},
		{model.Errorf(model.Stale, "x"), 412, "stale"}, {model.Errorf(model.TooLarge, "x"), 413, "too-large"},
		{detailed, 422, "refused"}, {model.Errorf(model.Busy, "x"), 429, "busy"},
		{model.Errorf(model.Unavailable, "x"), 503, "unavailable"}, {model.Errorf(model.Denied, "x"), 403, "denied"},
		{model.Errorf(model.Unauthorized, "x"), 401, "unauthorized"},
		{fmt.Errorf("deploy: %w", model.Errorf(model.Missing, "x")), 404, "missing"},
		{errors.New("disk on fire"), 500, ""}, {&model.Error{Reason: "of no kind"}, 500, ""},
	} {
		s.fake.fail = c.err
		got := s.do("GET", v1+"/endpoints/orders", "")
		p := got.problem(t)
		want := "about:blank"
		if c.urn != "" {
			want = "urn:edge-gateway:problem:" + c.urn
		}
		if got.StatusCode != c.status || p.Type != want {
			t.Errorf("%v: %s", c.err, got.body)
		}
		if c.status == 500 && (strings.Contains(string(got.body), c.err.Error()) || !strings.Contains(s.log.String(), c.err.Error())) {
			t.Errorf("what failed is for the log and not for the client: %s", got.body)
		}
		if c.err == detailed && (p.Other != "endpoint/other" || p.Output != "line 1" || len(p.Errors) != 1 || p.Errors[0].Location != "body.limits.timeout") {
			t.Errorf("%s", got.body)
		}
	}
}

func TestAPanicIsAProblemAndIsLogged(t *testing.T) {
	s := serve(t)
	s.fake.panics = "hidden cause"
	got := s.do("GET", v1+"/endpoints/orders", "")
	if p := got.problem(t); p.Status != 500 || strings.Contains(string(got.body), "hidden") {
		t.Errorf("%s", got.body)
	}
	if log := s.log.String(); !strings.Contains(log, "hidden cause") || !strings.Contains(log, "fake_test.go") {
		t.Errorf("the log has no cause or no stack: %s", log)
	}
	s.fake.panics = nil
	if got := s.do("GET", v1+"/endpoints/orders", ""); got.StatusCode != 404 {
		t.Errorf("after it: %s", got.Status)
	}
}

func TestRequestsAreLoggedWithoutTokens(t *testing.T) {
	s := serve(t)
	s.do("POST", v1+"/endpoints", orders)
	s.do("GET", v1+"/endpoints/orders", "", "Authorization", "Bearer t-unknown-and-secret")
	log := s.log.String()
	if !strings.Contains(log, `level=INFO msg="admin API: request" by=k-admin from=127.0.0.1 method=POST path=/api/v1/endpoints status=201 duration=`) {
		t.Errorf("the change is not logged: %s", log)
	}
	if !strings.Contains(log, "level=DEBUG msg=\"admin API: request\" by=nobody") {
		t.Errorf("the read is not logged: %s", log)
	}
	if strings.Contains(log, "t-admin") || strings.Contains(log, "secret") {
		t.Errorf("a token is in the log: %s", log)
	}
}

func TestABodyThatDoesNotComeIsGivenUp(t *testing.T) {
	s := serve(t)
	s.api.limits.json, s.api.limits.uploadIdle = 50*time.Millisecond, 50*time.Millisecond
	for path, kind := range map[string]string{"/endpoints": "application/json", "/endpoints/orders/versions": binary} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "POST %s%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t-admin\r\nContent-Type: %s\r\nContent-Length: 100\r\n\r\n{", v1, path, kind)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusRequestTimeout || answer.Header.Get("Content-Type") != problemJSON {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

func TestABrokenChunkIsTheClientsFault(t *testing.T) {
	s := serve(t)
	for path, kind := range map[string]string{"/endpoints": "application/json", "/endpoints/orders/versions": binary} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "POST %s%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t-admin\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", v1, path, kind)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

// TestWorkMayTakeLongerThanItsBody shows that no deadline of reading ends what
// runs after it.
func TestWorkMayTakeLongerThanItsBody(t *testing.T) {
	s := serve(t)
	s.api.limits.json, s.api.limits.uploadIdle = 200*time.Millisecond, 200*time.Millisecond
	s.fake.work = func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond): // longer than the deadline
			return nil
		}
	}
	if got := s.do("POST", v1+"/endpoints/orders/deploy", `{"version":"aaaaaaaa"}`); got.StatusCode != 200 {
		t.Errorf("%s %s", got.Status, got.body)
	}
	if got := s.do("POST", v1+"/endpoints/orders/versions", "library", "Content-Type", binary); got.StatusCode != 201 {
		t.Errorf("%s %s", got.Status, got.body)
	}
}

func TestUploadsAreStreamed(t *testing.T) {
	s := serve(t)
	body, feed := io.Pipe()
	r, err := http.NewRequest("POST", s.url+v1+"/endpoints/orders/versions?sha256="+strings.Repeat("A", 64), body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer t-deploy")
	r.Header.Set("Content-Type", binary)
	reading := make(chan struct{})
	s.fake.reading = sync.OnceFunc(func() { close(reading) })
	go func() {
		fmt.Fprint(feed, "first")
		<-reading // control has that before the rest is sent
		fmt.Fprint(feed, "rest")
		feed.Close()
	}()
	if got := s.send(r); got.StatusCode != 201 || string(s.fake.uploaded) != "firstrest" {
		t.Errorf("%s %s %q", got.Status, got.body, s.fake.uploaded)
	}
	if got := s.do("POST", v1+"/endpoints/orders/versions", "{}"); got.StatusCode != 415 || got.Header.Get("Accept") != binary {
		t.Errorf("%s %v", got.Status, got.Header)
	}
	if got := s.do("POST", v1+"/endpoints/orders/versions?sha256=abc", "x", "Content-Type", binary); got.problem(t).Errors[0].Location != "query.sha256" {
		t.Errorf("%s", got.body)
	}
}

func TestDownloadsAreWholeOrBreak(t *testing.T) {
	s := serve(t)
	path := v1 + "/endpoints/orders/versions/aaaaaaaa/library"
	if got := s.do("GET", path, ""); string(got.body) != "library" || got.Header.Get("Content-Type") != binary || got.ContentLength != 7 {
		t.Errorf("%s %q %v", got.Status, got.body, got.Header)
	}
	if got := s.do("HEAD", path, ""); got.StatusCode != 200 || len(got.body) > 0 || got.ContentLength != 7 {
		t.Errorf("%s %q", got.Status, got.body)
	}
	s.fake.library = func() io.Reader { return io.MultiReader(strings.NewReader("lib"), failing{}) }
	r, _ := http.NewRequest("GET", s.url+path, nil)
	r.Header.Set("Authorization", "Bearer t-admin")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	if err == nil {
		t.Error("a part was taken for the whole")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestForeignPagesAreRefused(t *testing.T) {
	s := serve(t)
	at := strings.TrimPrefix(s.url, "http://")
	_, port, _ := net.SplitHostPort(at)
	for _, c := range []struct {
		host, origin string
		status       int
	}{
		{at, "", 200}, {"localhost", "", 200}, {"LOCALHOST:" + port, "", 200}, {"[::1]:" + port, "", 200}, {"127.0.0.2", "", 200},
		{"admin.example.com", "", 200}, {"evil.example.com", "", 403}, {"evil.example.com:" + port, "", 403}, {"10.0.0.1", "", 403},
		{"localhost.evil.example", "", 403}, {at, "http://" + at, 200}, {at, "http://evil.example.com", 403}, {at, "null", 403},
		{"localhost:" + port, "http://" + at, 403},
	} {
		headers := []string{"Host", c.host}
		if c.origin != "" {
			headers = append(headers, "Origin", c.origin)
		}
		got := s.do("GET", "/healthz", "", headers...)
		if got.StatusCode != c.status {
			t.Errorf("Host %q, Origin %q: %d %s", c.host, c.origin, got.StatusCode, got.body)
		}
		if got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("another origin is let in")
		}
	}
}

// net/http waits for a body before it answers, for ever if it is let.
func TestABodyThatNeverComesHoldsNoConnection(t *testing.T) {
	s := serve(t)
	s.api.limits.json = 50 * time.Millisecond
	for _, head := range []string{
		"POST /api/v1/endpoints/orders/rollback HTTP/1.1\r\nContent-Length: 1000\r\n",
		"POST /api/v1/endpoints HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n",
		"GET /healthz HTTP/1.1\r\nContent-Length: 1000\r\n",
		"GET /nowhere HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.WriteString(conn, head+"Host: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 ") {
			t.Errorf("%q is answered with %q, %v", head, got, err)
		}
	}
}
