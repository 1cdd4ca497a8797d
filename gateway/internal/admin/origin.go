package admin

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// foreign refuses what a web page of somebody else has sent. A name of its own
// that it lets stand for 127.0.0.1 shows in Host, and a request across origins
// in Origin. Neither would have a token; this holds for a token that leaked
// into a browser, and for what needs none.
func (a *API) foreign(x *exchange) *Problem {
	if x.local {
		return nil // no browser reaches a unix socket
	}
	if onLoopback(x.r) && !a.ownName(hostname(x.r.Host)) {
		return problem(http.StatusForbidden, "the request is for host %q; on a loopback address the admin API answers for localhost and loopback addresses only", x.r.Host)
	}
	for _, origin := range x.r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || !strings.EqualFold(u.Host, x.r.Host) {
			return problem(http.StatusForbidden, "the request comes from a web page of another origin")
		}
	}
	return nil
}

// onLoopback tells whether a request came to a loopback address.
func onLoopback(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && at.IP.IsLoopback()
}

func (a *API) ownName(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost") ||
		slices.ContainsFunc(a.hosts, func(own string) bool { return strings.EqualFold(own, host) })
}

// hostname is a Host header without its port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), ".")
}
