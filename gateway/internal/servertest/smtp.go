package servertest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

//go:embed smtp_server.py
var smtpProgram []byte

// SMTP is an SMTP server that keeps what it takes.
type SMTP struct {
	*Server
	Port   int
	CAFile string // that its certificate is checked with, if it has one

	t      testing.TB
	folder string
}

// SMTPOptions say how the server is to be.
type SMTPOptions struct {
	Encryption string // "": none; "starttls", which it then asks for; "tls"
	Login      string // "name:password" that it asks for
	ClearLogin bool   // without encryption, too
	Size       int    // of a mail, at most
}

// SMTPMail is a mail that the server has taken.
type SMTPMail struct {
	From          string   `json:"from"`
	To            []string `json:"to"` // of the envelope
	Body          string   `json:"body"`
	TLS           bool     `json:"tls"`
	Authenticated bool     `json:"authenticated"`
}

// SMTPFaults are answers in place of the ordinary ones.
type SMTPFaults struct {
	Mail string            `json:"mail,omitempty"` // "451 later"
	Rcpt map[string]string `json:"rcpt,omitempty"` // by recipient
	Data string            `json:"data,omitempty"` // or "hang", "drop", "drop after storing"
}

// StartSMTP starts the server, aiosmtpd in Python; the test's end stops it.
func StartSMTP(t testing.TB, o SMTPOptions) *SMTP {
	t.Helper()
	const install = "apt-get install python3-aiosmtpd"
	// A Python of one's own does not have what the system's packages bring.
	python := Need(t, install, "/usr/bin/python3", "python3")
	if exec.Command(python, "-c", "import aiosmtpd").Run() != nil {
		Need(t, install, "aiosmtpd")
	}
	s := &SMTP{Port: Port(t), t: t, folder: t.TempDir()}
	program := filepath.Join(s.folder, "server.py")
	args := []string{program, "--folder", s.folder, "--port", fmt.Sprint(s.Port)}
	if o.Encryption != "" {
		certificate, key := selfSigned(t, s.folder)
		s.CAFile = certificate
		args = append(args, "--tls", o.Encryption, "--certificate", certificate, "--key", key)
	}
	if o.Login != "" {
		args = append(args, "--login", o.Login)
	}
	if o.ClearLogin {
		args = append(args, "--clear-login")
	}
	if o.Size > 0 {
		args = append(args, "--size", fmt.Sprint(o.Size))
	}
	if err := os.Mkdir(filepath.Join(s.folder, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, smtpProgram, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Server = Launch(t, Loopback(s.Port), func() *exec.Cmd { return exec.Command(python, args...) }, s.ready(o.Encryption == "tls"))
	return s
}

func (s *SMTP) ready(tls bool) func(context.Context) error {
	if tls {
		return Dialing(Loopback(s.Port))
	}
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", Loopback(s.Port))
		if err != nil {
			return err
		}
		defer conn.Close()
		_, _, err = textproto.NewConn(conn).ReadResponse(220)
		return err
	}
}

// Misbehave has the server answer differently from the next command on.
func (s *SMTP) Misbehave(f SMTPFaults) {
	s.t.Helper()
	text, err := json.Marshal(f)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.folder, "behaviour.tmp"), text, 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(s.folder, "behaviour.tmp"), filepath.Join(s.folder, "behaviour.json"))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Mails are those that the server has taken so far, in order.
func (s *SMTP) Mails() []SMTPMail {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.folder, "mail", "*.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	mails := make([]SMTPMail, len(files))
	for n, file := range files {
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &mails[n])
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return mails
}

// selfSigned makes a certificate for 127.0.0.1 and its key.
func selfSigned(t testing.TB, dir string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: encoded},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
