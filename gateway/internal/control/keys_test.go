package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestTheFirstStartMakesAKeyAndTellsItOnce(t *testing.T) {
	b := open(t, "")
	token := b.FirstToken()
	who, err := b.Authenticate(b.ctx, token)
	if err != nil || who.Name != "first" || who.Scope != model.ScopeAdmin {
		t.Errorf("%+v, %v", who, err)
	}
	b.stop()
	again := open(t, b.dir)
	if again.FirstToken() != "" {
		t.Error("a second start made another")
	}
	if _, err := again.Authenticate(again.ctx, token); err != nil {
		t.Error(err)
	}
	list, err := again.Keys(again.ctx, model.Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].LastUsed == nil || !strings.HasPrefix(token, list.Items[0].Prefix) {
		t.Errorf("%+v, %v", list, err)
	}
	data, err := os.ReadFile(b.dir + "/state.db")
	if err != nil || bytes.Contains(data, []byte(token)) || bytes.Contains(data, []byte(token[prefixShown:])) {
		t.Errorf("the token is on the disk, %v", err)
	}
}

func TestKeysAreMadeUsedAndDeleted(t *testing.T) {
	b := open(t, "")
	made, err := b.CreateKey(b.ctx, model.KeySpec{Name: "ci", Scope: model.ScopeDeploy, Endpoints: []string{"a", "b"}})
	must(t, err)
	if !strings.HasPrefix(made.Token, "egk_") || len(made.Token) != 47 || made.By != "tester" {
		t.Errorf("%+v", made)
	}
	who, err := b.Authenticate(b.ctx, made.Token)
	if err != nil || who.Name != "ci" || who.Scope != model.ScopeDeploy || !who.Reaches("b") || who.Reaches("c") {
		t.Errorf("%+v, %v", who, err)
	}
	for _, token := range []string{"", "egk_", made.Token[:46], made.Token + "x", strings.ToUpper(made.Token)} {
		_, err := b.Authenticate(b.ctx, token)
		wants(t, err, model.Unauthorized, "", "no such key")
	}
	past := time.Now().Add(-time.Second)
	for _, test := range []struct {
		spec        model.KeySpec
		kind        model.Kind
		field, says string
	}{
		{model.KeySpec{Name: "ci", Scope: model.ScopeRead}, model.Conflict, "name", "already"},
		{model.KeySpec{Name: "local", Scope: model.ScopeRead}, model.Invalid, "name", "something else"},
		{model.KeySpec{Name: "x", Scope: "root"}, model.Invalid, "scope", "none of read"},
		{model.KeySpec{Name: "x", Scope: model.ScopeAdmin, Endpoints: []string{"a"}}, model.Invalid, "endpoints", "reaches all"},
		{model.KeySpec{Name: "x", Scope: model.ScopeRead, Expires: &past}, model.Invalid, "expires", "past"},
	} {
		_, err := b.CreateKey(b.ctx, test.spec)
		wants(t, err, test.kind, test.field, test.says)
	}
	soon := time.Now().Add(300 * time.Millisecond)
	short, err := b.CreateKey(b.ctx, model.KeySpec{Name: "short", Scope: model.ScopeRead, Expires: &soon})
	must(t, err)
	for deadline := time.Now().Add(5 * time.Second); ; {
		if _, err = b.Authenticate(b.ctx, short.Token); err != nil || time.Now().After(deadline) {
			break
		}
	}
	wants(t, err, model.Unauthorized, "", "has expired")
	must(t, b.DeleteKey(b.ctx, "ci"))
	_, err = b.Authenticate(b.ctx, made.Token)
	wants(t, err, model.Unauthorized, "", "no such key")
	wants(t, b.DeleteKey(b.ctx, "ci"), model.Missing, "", `no key "ci"`)
	list, err := b.Audit(b.ctx, model.AuditFilter{}, model.Page{})
	must(t, err)
	shown, _ := json.Marshal(list)
	if bytes.Contains(shown, []byte(made.Token[4:])) || bytes.Contains(shown, []byte(short.Token[4:])) {
		t.Error("the audit shows a token")
	}
}

func TestOnceIsOnce(t *testing.T) {
	b := open(t, "")
	var ran atomic.Int32
	make := func(name string) func(context.Context) ([]byte, error) {
		return func(ctx context.Context) ([]byte, error) {
			ran.Add(1)
			e, err := b.CreateEndpoint(ctx, model.EndpointSpec{Name: name, Path: "/" + name})
			if err != nil {
				return nil, err
			}
			return json.Marshal(e.Name)
		}
	}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			answer, err := b.Once(b.ctx, "k", "POST a", make("a"))
			if err != nil || string(answer) != `"a"` {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
	clients.Wait()
	if ran.Load() != 1 {
		t.Errorf("it ran %d times", ran.Load())
	}
	_, err := b.Once(b.ctx, "k", "POST b", make("b"))
	wants(t, err, model.Conflict, "", "another request")
	other := model.WithActor(b.ctx, model.Actor{Name: "other"})
	_, err = b.Once(other, "k", "POST b", make("b"))
	must(t, err)
	// What failed may be tried again.
	_, err = b.Once(b.ctx, "k2", "POST a", make("a"))
	wants(t, err, model.Conflict, "name", "already")
	must(t, b.DeleteEndpoint(b.ctx, "a", 0))
	_, err = b.Once(b.ctx, "k2", "POST a", make("a"))
	must(t, err)
	b.stop()
	again := open(t, b.dir)
	answer, err := again.Once(again.ctx, "k", "POST a", func(context.Context) ([]byte, error) { return nil, errors.New("it ran again") })
	if err != nil || string(answer) != `"a"` {
		t.Errorf("%q, %v", answer, err)
	}
}
