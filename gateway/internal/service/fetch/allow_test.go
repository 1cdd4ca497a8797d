package fetch

import (
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

func TestAllowList(t *testing.T) {
	list, err := parseAllowList([]string{"api.example.com", "*.wild.example", "ports.example:8080", "10.0.0.5:8080", "192.0.2.7", "::1", "[2001:db8::1]:444", "UPPER.example."})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]bool{
		"http://api.example.com/":         true,
		"https://api.example.com/":        true,
		"https://API.Example.COM./":       true,
		"http://api.example.com:443/":     true,
		"http://api.example.com:8080/":    false,
		"http://api.example.com:0/":       false,
		"http://api.example.com:99999/":   false,
		"http://xapi.example.com/":        false,
		"http://x.api.example.com/":       false,
		"http://api.example.com.evil.io/": false,
		"http://a.wild.example/":          true,
		"http://a.b.wild.example/":        true,
		"http://wild.example/":            false,
		"http://xwild.example/":           false,
		"http://ports.example:8080/":      true,
		"http://ports.example/":           false,
		"http://10.0.0.5:8080/":           true,
		"http://[::ffff:10.0.0.5]:8080/":  true,
		"http://10.0.0.5/":                false,
		"http://10.0.0.6:8080/":           false,
		"http://0xa000005:8080/":          false,
		"http://167772165:8080/":          false,
		"http://192.0.2.7/":               true,
		"http://[::1]/":                   true,
		"http://[0:0:0:0:0:0:0:1]:443/":   true,
		"http://[::1]:81/":                false,
		"http://[2001:db8::1]:444/":       true,
		"http://upper.example/":           true,
		"http://localhost/":               false,
	} {
		u, err := parseURL(url)
		if err == nil {
			err = list.check(u)
		}
		if got := err == nil; got != want {
			t.Errorf("%s: allowed %v, want %v (%v)", url, got, want, err)
		}
		if err != nil {
			answer{err: err}.want(t, url, service.ErrorOf(err).Status)
		}
	}
	for _, text := range []string{"", "*", "*.", "a b", "http://x", "x/y", "x:0", "x:99999", "x:y", "a.*.b", "*x", "fe80::1%eth0", "user@x", "a..b", ":80"} {
		if _, err := parseAllowList([]string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if _, err := parseAllowList(nil); err == nil {
		t.Error("an empty list is taken")
	}
}

func TestInnerAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "0.0.0.0": true, "0.1.2.3": true, "::": true,
		"10.1.2.3": true, "172.16.0.1": true, "172.31.255.255": true, "192.168.1.1": true, "fd00::1": true, "fc00::1": true,
		"169.254.169.254": true, "169.254.0.1": true, "fe80::1": true, "fe80::1%eth0": true, "fd00:ec2::254": true,
		"100.64.0.1": true, "100.100.100.200": true, "100.127.255.255": true, "168.63.129.16": true, "192.0.0.192": true,
		"224.0.0.1": true, "239.255.255.255": true, "ff02::1": true, "255.255.255.255": true, "240.0.0.1": true, "198.18.0.1": true,
		"::ffff:127.0.0.1": true, "::ffff:10.0.0.1": true, "::ffff:169.254.169.254": true, "::127.0.0.1": true,
		"64:ff9b::7f00:1": true, "64:ff9b::a9fe:a9fe": true, "2002:7f00:1::": true, "2002:a00:1::1": true, "fec0::1": true,
		"8.8.8.8": false, "172.32.0.1": false, "100.128.0.1": false, "192.0.2.1": false, "11.0.0.1": false,
		"2606:4700::1111": false, "64:ff9b::808:808": false, "2002:808:808::1": false, "::ffff:8.8.8.8": false,
	} {
		if got := isInner(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: inner %v, want %v", text, got, want)
		}
	}
}

// A name of the list that leads to the machine itself is found at the dial.
func TestANameMustNotLeadInside(t *testing.T) {
	var hits atomic.Int32
	host := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	_, port, _ := net.SplitHostPort(host)
	name, request := "localhost:"+port, Request{URL: "http://localhost:" + port}
	a := do(t, open(t, service.Spec{}, "allow", []string{name}), request).want(t, "a name for the machine", abi.ErrDenied)
	if e := service.ErrorOf(a.err); e.Subject != name {
		t.Errorf("the subject is %q", e.Subject)
	}
	do(t, open(t, service.Spec{}, "allow", []string{host}), request).want(t, "a name that is not on the list", abi.ErrDenied)
	if hits.Load() != 0 {
		t.Fatal("the server was reached")
	}
	do(t, open(t, service.Spec{}, "allow", []string{name}, "allow_private", true), request).want(t, "where private is allowed", abi.OK)
	do(t, open(t, service.Spec{}, "allow", []string{name, host}), request).want(t, "where the address is on the list", abi.OK)
	do(t, open(t, service.Spec{}, "allow", []string{name, "127.0.0.1"}), request).want(t, "where it is with another port", abi.ErrDenied)
}

// A name server of the attacker's may say one address when it is asked to check
// and another when it is asked to connect: what counts is what is dialed.
func TestDNSRebinding(t *testing.T) {
	var hits atomic.Int32
	host := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	_, port, _ := net.SplitHostPort(host)
	s := open(t, service.Spec{Timeout: 3 * time.Second}, "allow", []string{"rebind.example:" + port}, "connect_timeout", 200*time.Millisecond, "retries", int64(0))
	for _, test := range []struct {
		address [4]byte
		status  abi.Status
	}{{[4]byte{192, 0, 2, 1}, abi.ErrUnavailable}, {[4]byte{127, 0, 0, 1}, abi.ErrDenied}, {[4]byte{169, 254, 169, 254}, abi.ErrDenied}} {
		s.client.dialer.Resolver = resolver(t, test.address)
		do(t, s, Request{URL: "http://rebind.example:" + port}).want(t, netip.AddrFrom4(test.address).String(), test.status)
	}
	if hits.Load() != 0 {
		t.Error("the server was reached")
	}
}
