package smtp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/wneessen/go-mail/smtp"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
)

// login logs in with the best of what the server offers. It is for one
// connection.
type login struct {
	server *server
	begun  bool
	chosen smtp.Auth
}

// Start implements smtp.Auth. Methods that give the password away are last, and
// the library refuses them where the connection is not encrypted and the server
// not this machine.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	name, password := l.server.username, l.server.password.Reveal()
	for _, method := range []struct {
		name  string
		start func() smtp.Auth
	}{
		{"SCRAM-SHA-256", func() smtp.Auth { return smtp.ScramSHA256Auth(name, password) }},
		{"SCRAM-SHA-1", func() smtp.Auth { return smtp.ScramSHA1Auth(name, password) }},
		{"CRAM-MD5", func() smtp.Auth { return smtp.CRAMMD5Auth(name, password) }},
		{"PLAIN", func() smtp.Auth { return smtp.PlainAuth("", name, password, l.server.host, false) }},
		{"LOGIN", func() smtp.Auth { return smtp.LoginAuth(name, password, l.server.host, false) }},
	} {
		if slices.Contains(server.Auth, method.name) {
			l.chosen = method.start()
			l.begun = true
			mechanism, first, err := l.chosen.Start(server)
			if errors.Is(err, smtp.ErrUnencrypted) {
				err = fmt.Errorf("%w: it wants the password in the clear, over a connection that is not encrypted", email.ErrRefused)
			}
			return mechanism, first, err
		}
	}
	return "", nil, fmt.Errorf("%w: it offers no login that is known here", email.ErrRefused)
}

// Next implements smtp.Auth.
func (l *login) Next(fromServer []byte, more bool) ([]byte, error) {
	return l.chosen.Next(fromServer, more)
}
