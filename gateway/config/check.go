package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	nameForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	labelForm  = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	methodForm = regexp.MustCompile(`^[A-Z][A-Z0-9_-]{0,31}$`)
)

// CheckName reports why name cannot name an endpoint, or nil. A name starts
// with a letter or digit, so that it may safely stand for a file or a flag.
func CheckName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fmt.Errorf("name %q must be 1 to 64 of a-z, 0-9, '-', '_' and '.', and start with a letter or digit", name)
}

// CheckDomain reports why domain cannot be the domain of an endpoint, or nil.
// A domain is exact ("api.example.com") or a wildcard ("*.example.com"), in
// lower case, without port; empty means any.
func CheckDomain(domain string) error {
	if domain == "" {
		return nil
	}
	bad := func(why string) error { return fmt.Errorf("domain %q %s", domain, why) }
	rest, _ := strings.CutPrefix(domain, "*.")
	switch {
	case domain == "*":
		return bad("is not needed: leave it out to answer any domain")
	case strings.Contains(domain, "://"):
		return bad("must be a name alone, without a scheme")
	case strings.ContainsAny(domain, ":/"):
		return bad("must be a name alone, without port or path")
	case strings.Contains(rest, "*"):
		return bad(`may have its wildcard only in front, as in "*.example.com"`)
	case len(domain) > 253:
		return bad("is longer than 253 characters")
	}
	for _, c := range []byte(domain) {
		if c >= 0x80 {
			return bad(`must be in its ASCII form, which starts with "xn--"`)
		}
		if 'A' <= c && c <= 'Z' {
			return bad("must be in lower case")
		}
	}
	for label := range strings.SplitSeq(rest, ".") {
		if !labelForm.MatchString(label) {
			return bad(fmt.Sprintf("has the bad label %q: 1 to 63 of a-z, 0-9, '_' and, inside, '-'", label))
		}
	}
	return nil
}

// CheckMethod reports why method cannot be a method of an endpoint, or nil.
// Methods are case-sensitive; the ones in use are upper case.
func CheckMethod(method string) error {
	upper := strings.ToUpper(method)
	switch {
	case method == "*":
		return errors.New(`method "*" is not needed: leave it out to answer every method`)
	case method == "CONNECT":
		return errors.New(`method "CONNECT" is never given to a handler`)
	case methodForm.MatchString(method):
		return nil
	case methodForm.MatchString(upper):
		return fmt.Errorf("method %q must be in upper case: write %q", method, upper)
	}
	return fmt.Errorf("method %q must be 1 to 32 of A-Z, 0-9, '-' and '_', and start with a letter", method)
}

func checkListen(address string) error {
	bad := func(why string) error {
		return fmt.Errorf(`listen address %q %s; write it as in "127.0.0.1:8080"`, address, why)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		var detail *net.AddrError
		if errors.As(err, &detail) {
			return bad("is not valid: " + detail.Err)
		}
		return bad("is not valid")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return bad("must have a port from 0 to 65535")
	}
	if _, err := netip.ParseAddr(host); host == "" || err == nil {
		return nil
	}
	if strings.Contains(host, "*") || CheckDomain(strings.ToLower(host)) != nil {
		return bad("must have an IP address, a host name or nothing before the port")
	}
	return nil
}

// CheckRate checks how many requests a second are let in, and how many of them
// at once. 0 stands for any, and for the default.
func CheckRate(rate float64, burst int) error {
	switch {
	case rate != 0 && !(rate >= 0.001 && rate <= 1e6): // so that NaN is none
		return fmt.Errorf("rate must be from 0.001 to 1000000 requests a second, not %v", rate)
	case burst < 0 || burst > 1e6:
		return fmt.Errorf("burst must be from 1 to 1000000 requests, not %d", burst)
	case burst > 0 && rate == 0:
		return errors.New("burst says how many requests of a rate may come at once, and there is no rate")
	}
	return nil
}
