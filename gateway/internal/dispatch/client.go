package dispatch

import (
	"bytes"
	"strings"
)

// Key is what a canary tells clients apart by; see registry.Client. Of a header
// that comes several times, the first counts.
func (r *request) Key(header string) []byte {
	if header != "" {
		for n := range r.frame.Headers() {
			name, value := r.frame.Header(n)
			if len(name) == len(header) && len(value) > 0 && strings.EqualFold(string(name), header) {
				return value
			}
		}
	}
	return withoutPort(r.ctx.Conn().(*conn).peer)
}

// withoutPort cuts the port off an address. An IPv6 address stays whole: its
// first half may be that of one household or of a data center, and a client that
// changes the other half does so about once a day.
func withoutPort(peer []byte) []byte {
	if colon := bytes.LastIndexByte(peer, ':'); colon >= 0 {
		return peer[:colon]
	}
	return peer
}
