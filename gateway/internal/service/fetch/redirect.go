package fetch

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// redirect is where an answer leads, if it leads anywhere.
func redirect(answer *http.Response) (target string, leads bool) {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		target = answer.Header.Get("Location")
	}
	return target, target != ""
}

// follow turns the request into the one that a redirect asks for, by the rules
// of the fetch standard.
func (c *client) follow(e *exchange, status int, target string) error {
	to, err := e.url.Parse(escapeStray(target))
	noURL := service.Errorf(abi.ErrRefused, "a redirect leads to no URL")
	if err != nil || len(target) > maxURL {
		return noURL
	}
	switch {
	case to.Scheme == "http" && e.url.Scheme == "https":
		return &service.Error{Status: abi.ErrDenied, Message: "a redirect leads from https to http", Subject: to.Hostname()}
	case to.Scheme != "http" && to.Scheme != "https":
		return &service.Error{Status: abi.ErrDenied, Message: fmt.Sprintf("a redirect leads to the scheme %.40q", to.Scheme)}
	case to.Hostname() == "" || strings.Contains(to.Host, "%"):
		return noURL
	}
	normalize(to)
	if err := c.allow.check(to); err != nil {
		return err
	}
	if changesToGet(status, e.method) {
		e.method, e.body = http.MethodGet, nil
		for _, name := range [...]string{"Content-Encoding", "Content-Language", "Content-Location", "Content-Type", "Content-Md5", "Digest", "Content-Digest"} {
			e.header.Del(name)
		}
	}
	if !sameOrigin(e.url, to) { // for good, even if a later one leads back
		e.header.Del("Authorization")
		e.header.Del("Cookie")
		e.header.Del("Cookie2")
	}
	e.url = to
	return nil
}

func changesToGet(status int, method string) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound:
		return method == http.MethodPost
	case http.StatusSeeOther:
		return method != http.MethodGet && method != http.MethodHead
	}
	return false
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && a.Hostname() == b.Hostname() && portOf(a) == portOf(b)
}

// escapeStray escapes what servers put into a Location although it has to be
// escaped there.
func escapeStray(target string) string {
	var b strings.Builder
	for n := range len(target) {
		if c := target[n]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
