package fetch

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
)

// allowList says where requests may go.
type allowList []allowed

// allowed is one entry: a name, "*." and a name, or an address, and a port
// unless it is for 80 and 443.
type allowed struct {
	name     string
	wildcard bool // any name that ends in "." + name
	address  netip.Addr
	port     uint16 // 0: 80 and 443
}

func parseAllowList(list []string) (allowList, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("no host is allowed")
	}
	var all allowList
	for _, text := range list {
		a, err := parseAllowed(text)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func parseAllowed(text string) (a allowed, err error) {
	wrong := fmt.Errorf(`allowed host %q: must be a name, "*.name" or an address, with or without a port`, text)
	host := strings.ToLower(text)
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil { // "::1" is no host and port
		return allowed{address: address.Unmap()}, zoneless(address, wrong)
	}
	if n := strings.LastIndexByte(host, ':'); n >= 0 {
		port, err := strconv.ParseUint(host[n+1:], 10, 16)
		if err != nil || port == 0 {
			return a, wrong
		}
		host, a.port = host[:n], uint16(port)
	}
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		a.address = address.Unmap()
		return a, zoneless(address, wrong)
	}
	a.name, a.wildcard = strings.CutPrefix(strings.TrimSuffix(host, "."), "*.")
	if !wire.ValidHost([]byte(a.name)) || strings.ContainsAny(a.name, ":*[]") {
		return a, wrong
	}
	return a, nil
}

func zoneless(address netip.Addr, wrong error) error {
	if address.Zone() != "" {
		return wrong
	}
	return nil
}

// check refuses a URL to a host that is not on the list.
func (l allowList) check(u *url.URL) error {
	host, port := u.Hostname(), portOf(u)
	address, err := netip.ParseAddr(host)
	for _, a := range l {
		switch {
		case !a.takes(port):
		case err == nil:
			if a.address == address.Unmap() {
				return nil
			}
		case a.address.IsValid():
		case a.wildcard && strings.HasSuffix(host, "."+a.name), !a.wildcard && host == a.name:
			return nil
		}
	}
	return &service.Error{Status: abi.ErrDenied, Message: fmt.Sprintf("the service does not allow requests to %.300s, port %d", host, port), Subject: host}
}

func (a allowed) takes(port uint16) bool {
	if a.port == 0 {
		return port == 80 || port == 443
	}
	return a.port == port
}

// literal tells whether the list names an address itself.
func (l allowList) literal(address netip.Addr, port uint16) bool {
	for _, a := range l {
		if a.address.IsValid() && a.address == address && a.takes(port) {
			return true
		}
	}
	return false
}

func portOf(u *url.URL) uint16 {
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(port)
	}
	if u.Port() != "" {
		return 0 // none that is on a list
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}
