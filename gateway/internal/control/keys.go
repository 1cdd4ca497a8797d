package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// A token is tokenPrefix and 32 random bytes. The beginning of it is kept to
// tell keys apart; of the rest only a hash is.
const (
	tokenPrefix = "egk_"
	prefixShown = len(tokenPrefix) + 6
)

const (
	maxKeys   = 256
	firstKey  = "first"
	usedEvery = time.Minute // how often it is written down that a key was used
)

// keyring has the keys as the state has them, so that a request costs no look
// at it.
type keyring struct {
	mu   sync.RWMutex
	keys []state.Key
}

// openKeys reads the keys. Where there is none, it makes one: without it, only
// who may open the socket could do anything.
func (c *Control) openKeys(ctx context.Context) error {
	if err := c.readKeys(ctx); err != nil {
		return err
	}
	if len(c.keys.keys) > 0 {
		return nil
	}
	made, err := c.CreateKey(ctx, model.KeySpec{Name: firstKey, Scope: model.ScopeAdmin})
	c.first = made.Token
	return err
}

func (c *Control) readKeys(ctx context.Context) error {
	return c.state.View(ctx, func(tx *state.Tx) error {
		keys, err := tx.Keys()
		if err != nil {
			return err
		}
		c.keys.mu.Lock()
		defer c.keys.mu.Unlock()
		c.keys.keys = keys
		return nil
	})
}

// Keys lists keys by name.
func (c *Control) Keys(ctx context.Context, p model.Page) (model.List[model.Key], error) {
	c.keys.mu.RLock()
	defer c.keys.mu.RUnlock()
	var all []model.Key
	for _, k := range c.keys.keys {
		all = append(all, k.Key)
	}
	slices.SortFunc(all, func(a, b model.Key) int { return strings.Compare(a.Name, b.Name) })
	return page.Cut(all, "keys", p, func(k model.Key) string { return k.Name })
}

// CreateKey makes a key. Its token is shown here and nowhere else.
func (c *Control) CreateKey(ctx context.Context, spec model.KeySpec) (made model.NewKey, err error) {
	d := c.deed(ctx, "key.create", "key/"+spec.Name)
	defer d.ended(&err)
	if err := c.checkKey(spec); err != nil {
		return made, err
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	token := tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	key := model.Key{KeySpec: spec, Prefix: token[:prefixShown], Created: time.Now().UTC(), By: model.ActorOf(ctx).Name}
	d.tell("scope %s", spec.Scope)
	if len(spec.Endpoints) > 0 {
		d.tell("for endpoints %s", strings.Join(spec.Endpoints, ", "))
	}
	c.keys.mu.Lock()
	full := len(c.keys.keys) >= maxKeys
	c.keys.mu.Unlock()
	if full {
		return made, model.Errorf(model.Conflict, "there are %d keys already: delete one first", maxKeys)
	}
	err = c.state.Update(ctx, func(tx *state.Tx) error {
		if err := tx.CreateKey(state.Key{Key: key, Hash: sha256.Sum256([]byte(token))}); err != nil {
			return err
		}
		return d.done(tx)
	})
	if err == nil {
		err = c.readKeys(context.WithoutCancel(ctx))
	}
	if err != nil {
		return made, err
	}
	return model.NewKey{Key: key, Token: token}, nil
}

func (c *Control) checkKey(spec model.KeySpec) error {
	if err := config.CheckName(spec.Name); err != nil {
		return invalid("name", err)
	}
	if slices.Contains([]string{"local", "file", "gateway"}, spec.Name) {
		return model.Errorf(model.Invalid, "a key cannot be called %q: the audit calls something else so", spec.Name).At("name")
	}
	if !spec.Scope.Has(model.ScopeRead) {
		return model.Errorf(model.Invalid, "scope %q is none of read, deploy and admin", spec.Scope).At("scope")
	}
	if len(spec.Endpoints) > 0 && spec.Scope == model.ScopeAdmin {
		return model.Errorf(model.Invalid, "an admin key reaches all endpoints: leave them out, or give it another scope").At("endpoints")
	}
	for _, name := range spec.Endpoints {
		if err := config.CheckName(name); err != nil {
			return invalid("endpoints", err)
		}
	}
	if spec.Expires != nil && !spec.Expires.After(time.Now()) {
		return model.Errorf(model.Invalid, "it expires in the past").At("expires")
	}
	return nil
}

// DeleteKey makes a token worthless at once.
func (c *Control) DeleteKey(ctx context.Context, name string) (err error) {
	d := c.deed(ctx, "key.delete", "key/"+name)
	defer d.ended(&err)
	err = c.state.Update(ctx, func(tx *state.Tx) error {
		if err := tx.DeleteKey(name); err != nil {
			return err
		}
		return d.done(tx)
	})
	if err != nil {
		return err
	}
	return c.readKeys(context.WithoutCancel(ctx))
}

// Authenticate finds whose token it is, and notes its use. Every key is
// compared to the end, so that the time tells nothing.
func (c *Control) Authenticate(ctx context.Context, token string) (model.Actor, error) {
	hash := sha256.Sum256([]byte(token))
	c.keys.mu.RLock()
	found := -1
	for i := range c.keys.keys {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(c.keys.keys[i].Hash[:], hash[:]), i, found)
	}
	var key state.Key
	if found >= 0 {
		key = c.keys.keys[found]
	}
	c.keys.mu.RUnlock()
	if found < 0 {
		return model.Actor{}, model.Errorf(model.Unauthorized, "there is no such key")
	}
	at := time.Now().UTC()
	if key.Expires != nil && !at.Before(*key.Expires) {
		return model.Actor{}, model.Errorf(model.Unauthorized, "key %q has expired", key.Name)
	}
	if key.LastUsed == nil || at.Sub(*key.LastUsed) >= usedEvery {
		c.used(ctx, key, at)
	}
	return model.Actor{Name: key.Name, Scope: key.Scope, Endpoints: key.Endpoints}, nil
}

// used writes down when a key was used.
func (c *Control) used(ctx context.Context, key state.Key, at time.Time) {
	c.keys.mu.Lock()
	i := slices.IndexFunc(c.keys.keys, func(k state.Key) bool { return k.Hash == key.Hash })
	if i < 0 || c.keys.keys[i].LastUsed != nil && at.Sub(*c.keys.keys[i].LastUsed) < usedEvery {
		c.keys.mu.Unlock()
		return // it was deleted, or someone else has written it
	}
	keys := slices.Clone(c.keys.keys)
	keys[i].LastUsed = &at
	c.keys.keys = keys
	c.keys.mu.Unlock()
	err := c.state.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error { return tx.PutKey(keys[i]) })
	if err != nil {
		c.log.Warn("it could not be written down when a key was used", "key", key.Name, "error", err)
	}
}
