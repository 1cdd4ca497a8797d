package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type keysCommand struct {
	List   listKeys  `cmd:"" default:"withargs" help:"List them, without their tokens."`
	Create createKey `cmd:"" help:"Make one and print its token, once."`
	Delete deleteKey `cmd:"" help:"Delete one; its token is refused at once."`
}

type listKeys struct{ remote }

func (c listKeys) Run(ctx context.Context) error {
	return list(ctx, c.remote, "/keys", nil, 0, func(keys []model.Key) {
		t := newTable("KEY", "SCOPE", "ENDPOINTS", "TOKEN", "EXPIRES", "LAST USED", "MADE")
		for _, k := range keys {
			endpoints := strings.Join(k.Endpoints, ", ")
			if endpoints == "" {
				endpoints = "all"
			}
			used, expires := "never", "never"
			if k.LastUsed != nil {
				used = ago(*k.LastUsed)
			}
			if k.Expires != nil {
				expires = k.Expires.Local().Format("2006-01-02 15:04")
			}
			t.add(k.Name, k.Scope, endpoints, k.Prefix+"…", expires, used, ago(k.Created))
		}
		t.print("There is no key; on the socket of the data directory none is needed.")
	})
}

type createKey struct {
	remote
	Name     string         `arg:"" help:"What to call it; told in the audit."`
	Scope    string         `required:"" enum:"read,deploy,admin" help:"read sees, deploy changes what endpoints run, admin does everything."`
	Endpoint []string       `help:"The only endpoints that it reaches; default all." placeholder:"NAME"`
	Expires  *time.Duration `help:"How long it is good, such as 720h; default for ever."`
}

func (c createKey) Validate() error {
	if c.Expires != nil && *c.Expires <= 0 {
		return fmt.Errorf("--expires %s: a key is made for a time to come; leave it out for ever", *c.Expires)
	}
	return nil
}

func (c createKey) Run(ctx context.Context) error {
	spec := model.KeySpec{Name: c.Name, Scope: model.Scope(c.Scope), Endpoints: c.Endpoint}
	if c.Expires != nil {
		at := time.Now().Add(*c.Expires).UTC()
		spec.Expires = &at
	}
	return call(ctx, c.remote, client.Request{Method: http.MethodPost, Path: "/keys", In: spec}, func(k model.NewKey) {
		say("This is the token of key %q. It is not shown again:", k.Name)
		fmt.Println(k.Token)
	})
}

type deleteKey struct {
	remote
	Name string `arg:"" help:"Name of the key." predictor:"key"`
}

func (c deleteKey) Run(ctx context.Context) error {
	return gone(ctx, c.remote, "key", c.Name, "keys", c.Name)
}
