// Package smtp delivers mail to an SMTP server.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
)

// Open makes a service that delivers to the server of the options host and
// port. It reads ca_file, and does not connect.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	s, err := newServer(spec)
	if err != nil {
		return nil, err
	}
	return email.New(spec, env, s)
}

// server is the driver.
type server struct {
	host       string
	port       int
	encryption string
	timeout    time.Duration
	tls        *tls.Config
	username   string // "": no login
	password   config.Hidden
}

func newServer(spec service.Spec) (*server, error) {
	o := spec.Options
	s := &server{
		host: o.Text("host"), port: int(o.Int("port")), encryption: o.Text("encryption"), timeout: spec.Timeout,
		username: o.Text("username"), password: o.Secret("password"),
		tls: &tls.Config{ServerName: o.Text("host"), MinVersion: tls.VersionTLS12},
	}
	if s.port < 1 || s.port > 65535 {
		return nil, fmt.Errorf("port %d is none: it is from 1 to 65535", s.port)
	}
	if path := o.Text("ca_file"); path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: %s holds no certificate", path)
		}
	}
	return s, nil
}

// Connect connects, secures the connection and logs in.
func (s *server) Connect(ctx context.Context) (email.Conn, error) {
	c := &conn{server: s}
	if err := c.dial(ctx); err != nil {
		return nil, err
	}
	c.rest()
	return c, nil
}

// dial connects c. It keeps hold of the socket: the library leaves it open when
// the greeting, TLS or the login fail, and knows deadlines but no contexts.
func (c *conn) dial(ctx context.Context) error {
	s := c.server
	var socket net.Conn
	forget := func() bool { return true }
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.timeout), gomail.WithTLSConfig(s.tls),
		gomail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			raw, err := new(net.Dialer).DialContext(dialing, network, address)
			if err != nil {
				return nil, err
			}
			socket, forget = raw, context.AfterFunc(ctx, func() { _ = raw.Close() })
			if s.encryption != "tls" {
				return raw, nil
			}
			secure := tls.Client(raw, s.tls)
			return secure, secure.HandshakeContext(dialing)
		}),
	}
	if s.encryption == "starttls" {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	} else {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	login := &login{server: s}
	if s.username != "" {
		options = append(options, gomail.WithSMTPAuthCustom(login))
	}
	dialer, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return err
	}
	client, err := dialer.DialToSMTPClientWithContext(ctx)
	inTime := forget() && ctx.Err() == nil
	if err == nil && inTime {
		c.client, c.socket = client, socket
		return nil
	}
	if socket != nil {
		_ = socket.Close()
	}
	var reply *textproto.Error
	switch {
	case !inTime:
		return errors.New("the server does not answer in time")
	case login.begun && errors.As(err, &reply):
		// Its text may hold what was sent.
		return fmt.Errorf("%w with code %d", email.ErrRefused, reply.Code)
	case errors.Is(err, email.ErrRefused):
		return err
	case login.begun:
		return fmt.Errorf("the login failed: %w", err)
	}
	return fmt.Errorf("the server cannot be reached: %w", err)
}
