package fetch

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"
)

// inner are the networks that a name of the list must not lead to, beside those
// that netip knows: a handler would reach the machine itself, its neighbours, or
// the place where clouds keep a machine's secrets.
var inner = prefixes(
	"0.0.0.0/8",        // this network; Linux takes it for itself
	"100.64.0.0/10",    // carrier-grade NAT; a cloud's metadata too
	"192.0.0.0/24",     // protocol assignments; a cloud's metadata too
	"198.18.0.0/15",    // benchmarks between devices
	"240.0.0.0/4",      // reserved, and broadcast
	"168.63.129.16/32", // a cloud's metadata, though a public address
	"64:ff9b:1::/48",   // local NAT64
	"100::/64",         // discard
	"fec0::/10",        // site-local, deprecated
	"::/96",            // IPv4-compatible, deprecated
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixToIV = netip.MustParsePrefix("2002::/16")
)

// isInner tells whether an address is of the machine, of its surroundings, or
// no address of one server at all. IPv6 addresses that stand for IPv4 ones are
// judged as those.
func isInner(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		b := a.As16()
		switch {
		case nat64.Contains(a):
			return isInner(netip.AddrFrom4([4]byte(b[12:])))
		case sixToIV.Contains(a):
			return isInner(netip.AddrFrom4([4]byte(b[2:6])))
		}
	}
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return true
	}
	for _, p := range inner {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// deniedAddress is the error of a connection that was refused for where it leads.
type deniedAddress struct{ address netip.AddrPort }

func (d *deniedAddress) Error() string {
	return fmt.Sprintf("it leads to %s, which is not an address that requests may reach", d.address)
}

// control sees each address at the moment when it is dialed, after the name has
// been resolved: a name that means another address the next time is of no use.
func (c *client) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if c.private || !isInner(to.Addr()) || c.allow.literal(to.Addr().Unmap().WithZone(""), to.Port()) {
		return nil
	}
	return &deniedAddress{to}
}
