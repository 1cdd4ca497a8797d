package fetch

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// redirecting answers /STATUS?to=URL with a redirect, /loop with one to itself
// and /down?n=N with N of them; all else is an echo.
func redirecting(w http.ResponseWriter, r *http.Request) {
	if n, err := strconv.Atoi(r.URL.Query().Get("n")); err == nil && n > 0 {
		w.Header().Set("Location", fmt.Sprintf("/down?n=%d", n-1))
		w.WriteHeader(302)
		return
	}
	if status, err := strconv.Atoi(r.URL.Path[1:]); err == nil {
		w.Header()["Location"] = []string{r.URL.Query().Get("to")}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("moved"))
		return
	}
	echo(w, r)
}

func TestRedirectsChangeTheMethod(t *testing.T) {
	host := serve(t, redirecting)
	s := open(t, service.Spec{}, "allow", []string{host})
	for _, test := range []struct {
		status        int
		method, after string
		body          string
	}{
		{301, "GET", "GET", ""}, {301, "POST", "GET", ""}, {301, "PUT", "PUT", "b"}, {301, "HEAD", "HEAD", ""},
		{302, "POST", "GET", ""}, {302, "DELETE", "DELETE", "b"}, {303, "POST", "GET", ""}, {303, "PUT", "GET", ""}, {303, "HEAD", "HEAD", ""},
		{307, "POST", "POST", "b"}, {307, "PUT", "PUT", "b"}, {308, "POST", "POST", "b"}, {308, "GET", "GET", ""},
	} {
		r := Request{URL: fmt.Sprintf("http://%s/%d?to=/end", host, test.status), Method: test.method, Headers: []Header{{"Content-Type", "x/y"}, {"Authorization", "a"}, {"Cookie", "c"}}}
		if test.method != "GET" && test.method != "HEAD" {
			r.Body = []byte("b")
		}
		a := do(t, s, r).want(t, "redirect", abi.OK)
		kept := a.header("Got-Content-Type") != ""
		if a.header("X-Method") != test.after || string(a.Body) != test.body || a.URL != "http://"+host+"/end" || kept != (test.after == test.method) {
			t.Errorf("%d %s: %s %q with the type %q at %s", test.status, test.method, a.header("X-Method"), a.Body, a.header("Got-Content-Type"), a.URL)
		}
		if a.header("Got-Authorization") != "a" || a.header("Got-Cookie") != "c" {
			t.Errorf("%d %s: credentials were dropped on the same host", test.status, test.method)
		}
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	host := serve(t, redirecting)
	s := open(t, service.Spec{}, "allow", []string{host}, "max_redirects", int64(3))
	do(t, s, Request{URL: "http://" + host + "/down?n=3"}).want(t, "3 redirects", abi.OK)
	do(t, s, Request{URL: "http://" + host + "/down?n=4"}).want(t, "4 redirects", abi.ErrRefused)
	a := do(t, s, Request{URL: "http://" + host + "/302?to=http://elsewhere.example/", NoRedirects: true}).want(t, "no redirects", abi.OK)
	if a.Status != 302 || a.header("Location") != "http://elsewhere.example/" || string(a.Body) != "moved" {
		t.Errorf("%d %q %q", a.Status, a.header("Location"), a.Body)
	}
	none := open(t, service.Spec{}, "allow", []string{host}, "max_redirects", int64(0))
	do(t, none, Request{URL: "http://" + host + "/down?n=1"}).want(t, "1 redirect of 0", abi.ErrRefused)
}

func TestWhereRedirectsMayLead(t *testing.T) {
	var hits atomic.Int32
	other := serve(t, func(w http.ResponseWriter, r *http.Request) { hits.Add(1); echo(w, r) })
	_, otherPort, _ := net.SplitHostPort(other)
	host := serve(t, redirecting)
	_, port, _ := net.SplitHostPort(host)
	// The other server is on the list by a name, which leads inside.
	s := open(t, service.Spec{}, "allow", []string{host, "localhost:" + otherPort, "*.example.com"})
	for to, status := range map[string]abi.Status{
		"/x y":                            abi.OK,
		"//" + host + "/x":                abi.OK,
		"http://" + host + "/\u00e4":      abi.OK,
		"http://u:p@" + host + "/x":       abi.OK,
		"http://" + other:                 abi.ErrDenied,
		"http://localhost:" + otherPort:   abi.ErrDenied,
		"http://localhost:" + port:        abi.ErrDenied,
		"http://127.0.0.1:1/":             abi.ErrDenied,
		"http://169.254.169.254/latest/":  abi.ErrDenied,
		"http://[::1]:" + otherPort + "/": abi.ErrDenied,
		"file:///etc/passwd":              abi.ErrDenied,
		"javascript:1":                    abi.ErrDenied,
		"http://":                         abi.ErrRefused,
		"http://a%00b/":                   abi.ErrRefused,
	} {
		a := do(t, s, Request{URL: "http://" + host + "/302?to=" + queryEscape(to)})
		if a.status() != status {
			t.Errorf("%s: %v (%v), want %v", to, a.status(), a.err, status)
		}
	}
	if hits.Load() != 0 {
		t.Error("the other server was reached")
	}
}

func queryEscape(s string) string {
	var b strings.Builder
	for n := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[n])
	}
	return b.String()
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	first, second := serve(t, redirecting), serve(t, redirecting)
	s := open(t, service.Spec{}, "allow", []string{first, second})
	headers := []Header{{"Authorization", "secret"}, {"Cookie", "c=1"}, {"X-Kept", "1"}}
	a := do(t, s, Request{URL: "http://" + first + "/302?to=http://" + second + "/x", Headers: headers}).want(t, "another host", abi.OK)
	if a.header("Got-Authorization")+a.header("Got-Cookie") != "" || a.header("Got-X-Kept") != "1" {
		t.Errorf("another host saw %q and %q", a.header("Got-Authorization"), a.header("Got-Cookie"))
	}
	back := "http://" + second + "/302?to=" + queryEscape("http://"+first+"/x")
	a = do(t, s, Request{URL: "http://" + first + "/302?to=" + queryEscape(back), Headers: headers}).want(t, "there and back", abi.OK)
	if a.header("Got-Authorization") != "" {
		t.Error("credentials came back after another host")
	}
}

func TestNoWayDownFromTLS(t *testing.T) {
	plain := serve(t, echo)
	secure := httptest.NewTLSServer(http.HandlerFunc(redirecting))
	defer secure.Close()
	host := strings.TrimPrefix(secure.URL, "https://")
	s := open(t, service.Spec{}, "allow", []string{plain, host})
	s.client.transport.TLSClientConfig.RootCAs = secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	do(t, s, Request{URL: secure.URL + "/302?to=http://" + plain}).want(t, "https to http", abi.ErrDenied)
	do(t, s, Request{URL: secure.URL + "/302?to=/x"}).want(t, "https to https", abi.OK)
	up := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secure.URL+"/x", 302) })
	s.client.allow, _ = parseAllowList([]string{up, host})
	do(t, s, Request{URL: "http://" + up}).want(t, "http to https", abi.OK)
}

// A redirect whose body never ends holds nobody up.
func TestTheBodyOfARedirectIsNotWaitedFor(t *testing.T) {
	end := serve(t, echo)
	host, _ := raw(t, func(_ int, conn net.Conn, _ string) {
		fmt.Fprintf(conn, "HTTP/1.1 302 Found\r\nLocation: http://%s/\r\nContent-Length: 10\r\n\r\nabc", end)
		_, _ = conn.Read(make([]byte, 1)) // until it is closed
	})
	s := open(t, service.Spec{}, "allow", []string{host, end})
	since := time.Now()
	do(t, s, Request{URL: "http://" + host}).want(t, "redirect", abi.OK)
	if took := time.Since(since); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}
