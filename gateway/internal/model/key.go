package model

import (
	"context"
	"slices"
	"time"
)

// Scope is what a key may do. Each has all that those before it have.
type Scope string

// The scopes, from the least.
const (
	ScopeRead   Scope = "read"   // see everything but secrets, keys and the audit
	ScopeDeploy Scope = "deploy" // change what endpoints run: sources, builds, versions, deploys
	ScopeAdmin  Scope = "admin"  // everything
)

var scopes = []Scope{ScopeRead, ScopeDeploy, ScopeAdmin}

// Has tells whether a scope is enough for what needs another.
func (s Scope) Has(needed Scope) bool {
	return slices.Contains(scopes, s) && slices.Index(scopes, s) >= slices.Index(scopes, needed)
}

// KeySpec is what can be chosen of a key.
type KeySpec struct {
	Name      string     `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]{0,63}$" doc:"Told in the audit."`
	Scope     Scope      `json:"scope" enum:"read,deploy,admin"`
	Endpoints []string   `json:"endpoints,omitempty" nullable:"false" maxItems:"1000" doc:"The only endpoints that it reaches; none for all. An admin key reaches all."`
	Expires   *time.Time `json:"expires,omitempty" doc:"Default: never."`
}

// Key is a key without its secret.
type Key struct {
	KeySpec
	Prefix   string     `json:"prefix" doc:"First characters of the token, to tell it by."`
	Created  time.Time  `json:"created"`
	By       string     `json:"by"`
	LastUsed *time.Time `json:"last_used,omitempty"`
}

// NewKey is a key at the only time that its token is shown.
type NewKey struct {
	Key
	Token string `json:"token" doc:"Keep it: it is not shown again."`
}

// Actor is who asks for something.
type Actor struct {
	Name      string // of the key; "local" for the unix socket, "file" for the configuration file, "gateway" for itself
	From      string // address of the client, or "unix"
	Scope     Scope
	Endpoints []string // the only ones reached; none for all
}

// Reaches tells whether an actor may see or change an endpoint.
func (a Actor) Reaches(endpoint string) bool {
	return len(a.Endpoints) == 0 || a.Scope == ScopeAdmin || slices.Contains(a.Endpoints, endpoint)
}

type actorKey struct{}

// WithActor makes ctx tell who asks.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf is who asks; the gateway itself where nobody is named.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Name: "gateway", Scope: ScopeAdmin}
}
