// Package directory delivers mail into a folder, as one .eml file for each.
// Another program may take them from there; for development it is the place to
// look at what would have been sent.
package directory

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
)

// Open makes a service that delivers into a folder: the option path, or "mail"
// in the service's own folder.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	path := spec.Options.Text("path")
	if path == "" {
		path = filepath.Join(env.Dir, "mail")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return email.New(spec, env, folder(path))
}

// folder is the driver, and every worker's connection: the path.
type folder string

// Connect makes the folder and finds out whether it takes files.
func (f folder) Connect(context.Context) (email.Conn, error) {
	if err := durable.MakeDir(string(f)); err != nil {
		return nil, explain(err)
	}
	if err := durable.RemoveLeftovers(string(f), time.Hour); err != nil {
		return nil, explain(err)
	}
	try, err := os.CreateTemp(string(f), ".try.*.tmp")
	if err != nil {
		return nil, explain(err)
	}
	_, err = try.Write(make([]byte, 4096)) // a full disk still makes empty files
	if e := try.Close(); err == nil {
		err = e
	}
	if e := os.Remove(try.Name()); err == nil {
		err = e
	}
	if err != nil {
		return nil, explain(err)
	}
	return f, nil
}

// Deliver writes the file. The same mail has the same name each time.
func (f folder) Deliver(_ context.Context, m *email.Mail) email.Verdict {
	if err := durable.WriteFile(string(f), fileName(m.ID), m.Body); err != nil {
		return email.Unavailable(m, explain(err))
	}
	return email.Verdict{}
}

// Close has nothing to do.
func (f folder) Close() {}

func explain(err error) error { return fmt.Errorf("the folder does not take mail: %w", err) }

// fileName is safe on every system. Message-IDs differ in their first letters
// and digits.
func fileName(id string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("@.-_", r):
			return r
		}
		return '_'
	}, id)
	return safe[:min(len(safe), 200)] + ".eml"
}
