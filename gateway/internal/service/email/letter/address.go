package letter

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Limits of an address, in bytes (RFC 5321, 4.5.3.1).
const (
	maxLocal   = 64
	maxAddress = 254
	maxName    = 256 // ours
)

// ParseAddress reads "a@example.com" or "Name <a@example.com>". The domain
// comes out as the DNS has it. field says in an error what the address is.
func ParseAddress(field, text string) (*mail.Address, error) {
	if err := checkLine(field, text, maxAddress+4*maxName); err != nil {
		return nil, err
	}
	text = strings.TrimSpace(text)
	a, err := mail.ParseAddress(text)
	// The parser takes groups and comments too, which end otherwise.
	if err != nil || !strings.HasSuffix(text, ">") && !strings.HasSuffix(text, a.Address[strings.LastIndexByte(a.Address, '@'):]) {
		return nil, invalid("%s: %q is no mail address", field, shorten(text))
	}
	// Encoded words in the name have been decoded by now.
	if err := checkLine(field, a.Name, maxName); err != nil {
		return nil, err
	}
	at := strings.LastIndexByte(a.Address, '@')
	local, domain := a.Address[:at], a.Address[at+1:]
	if !strings.HasPrefix(domain, "[") {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return nil, invalid("%s: the domain of %q is not valid", field, shorten(text))
		}
	}
	if len(local) > maxLocal || len(local)+1+len(domain) > maxAddress || strings.ContainsFunc(local, unicode.IsControl) {
		return nil, invalid("%s: %q is no mail address", field, shorten(text))
	}
	a.Address = local + "@" + domain
	return a, nil
}

func parseAddresses(field string, texts []string) ([]*mail.Address, error) {
	parsed := make([]*mail.Address, len(texts))
	for n, text := range texts {
		a, err := ParseAddress(field, text)
		if err != nil {
			return nil, err
		}
		parsed[n] = a
	}
	return parsed, nil
}

// checkLine refuses what must not get into a header.
func checkLine(field, text string, most int) error {
	switch {
	case len(text) > most:
		return invalid("%s is longer than %d bytes", field, most)
	case !utf8.ValidString(text):
		return invalid("%s is not UTF-8", field)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }):
		return invalid("%s holds a line break or another control character", field)
	}
	return nil
}

func invalid(format string, args ...any) *service.Error {
	return &service.Error{Status: abi.ErrInvalid, Message: fmt.Sprintf(format, args...)}
}

// shorten cuts what a caller sent to what an error may show.
func shorten(text string) string {
	if len(text) <= 80 {
		return text
	}
	return strings.ToValidUTF8(text[:80], "") + "…"
}
