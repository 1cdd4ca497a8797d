package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
)

const (
	idle    = 20 * time.Second // unused so long, it is closed; servers have few to give
	parting = time.Second      // for saying goodbye
)

// conn is a worker's connection. It is kept for the next mail, closed when
// there is none for a while, and opened again when it is needed or was lost.
type conn struct {
	server *server

	mu     sync.Mutex // held while the connection is used
	client *smtp.Client
	socket net.Conn
	used   time.Time
	timer  *time.Timer
}

// Deliver implements email.Conn.
func (c *conn) Deliver(ctx context.Context, m *email.Mail) email.Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.client != nil {
		_ = c.use(ctx, c.client.Noop) // is it still there?
	}
	if c.client == nil {
		if err := c.dial(ctx); err != nil {
			return email.Unavailable(m, err)
		}
	}
	failpoint.Reach("smtp.connected", m.ID)
	var verdict email.Verdict
	if err := c.use(ctx, func() (err error) {
		verdict, err = c.transfer(m)
		return err
	}); err == nil {
		c.rest()
	}
	return verdict
}

// Close implements email.Conn.
func (c *conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.part()
}

// use lets f talk to the server, no longer than ctx. An error of f says that
// the connection is of no use any more.
func (c *conn) use(ctx context.Context, f func() error) error {
	socket := c.socket
	err := c.client.UpdateDeadline(c.server.timeout)
	forget := context.AfterFunc(ctx, func() { _ = socket.Close() })
	if err == nil {
		err = f()
	}
	if !forget() && err == nil {
		err = ctx.Err()
	}
	if c.used = time.Now(); err != nil {
		_ = socket.Close()
		c.client, c.socket = nil, nil
	}
	return err
}

// rest keeps the connection for a while.
func (c *conn) rest() {
	c.used = time.Now()
	c.timer = time.AfterFunc(idle, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if time.Since(c.used) >= idle {
			c.part()
		}
	})
}

func (c *conn) part() {
	if c.client == nil {
		return
	}
	_ = c.client.UpdateDeadline(parting)
	_ = c.client.Quit()
	_ = c.socket.Close()
	c.client, c.socket = nil, nil
}

// transfer hands the mail over. An error says that the connection is broken;
// the verdict is right all the same.
func (c *conn) transfer(m *email.Mail) (verdict email.Verdict, err error) {
	if has, text := c.client.Extension("SIZE"); has {
		if most, err := strconv.ParseInt(text, 10, 64); err == nil && most > 0 && int64(len(m.Body)) > most {
			verdict.Refused = email.Refuse(m.Recipients, fmt.Sprintf("the server takes mails up to %d bytes", most))
			return verdict, nil
		}
	}
	if err := c.client.Mail(path(m.Sender)); err != nil {
		return c.refused(verdict, m.Recipients, "sender", err)
	}
	var taken []string
	for _, recipient := range m.Recipients {
		err := c.client.Rcpt(path(recipient))
		if err == nil {
			taken = append(taken, recipient)
			continue
		}
		if verdict, err = c.refused(verdict, []string{recipient}, "recipient", err); err != nil {
			// The connection is gone, and so is what was taken.
			return email.Verdict{Later: email.Refuse(m.Recipients, err.Error())}, err
		}
	}
	if len(taken) == 0 {
		return verdict, c.client.Reset()
	}
	failpoint.Reach("smtp.addressed", m.ID)
	body, err := c.client.Data()
	if err != nil {
		return c.refused(verdict, taken, "mail", err)
	}
	if _, err := body.Write(m.Body); err != nil {
		return c.refused(verdict, taken, "mail", err)
	}
	failpoint.Reach("smtp.written", m.ID)
	if err := body.Close(); err != nil {
		return c.refused(verdict, taken, "mail", err)
	}
	failpoint.Reach("smtp.taken", m.ID)
	return verdict, nil
}

// refused adds to a verdict what a failed command means for recipients. The
// error is that of a connection that is of no use any more.
func (c *conn) refused(verdict email.Verdict, recipients []string, what string, err error) (email.Verdict, error) {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		if !isProtocol(err) {
			err = fmt.Errorf("the connection was lost: %w", err)
		}
		verdict.Later = append(verdict.Later, email.Refuse(recipients, err.Error())...)
		return verdict, err
	}
	reason := fmt.Sprintf("the server refused the %s: %d %s", what, reply.Code, reply.Msg)
	if reply.Code/100 == 5 {
		verdict.Refused = append(verdict.Refused, email.Refuse(recipients, reason)...)
	} else {
		verdict.Later = append(verdict.Later, email.Refuse(recipients, reason)...)
	}
	if reply.Code == 421 {
		return verdict, reply // the server closes
	}
	return verdict, nil
}

func isProtocol(err error) bool {
	var fault textproto.ProtocolError
	return errors.As(err, &fault)
}

// path is an address as SMTP has it, quoted where it must be.
func path(address string) string { return (&mail.Address{Address: address}).String() }
