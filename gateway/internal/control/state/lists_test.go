package state_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// pages reads a list to its end, and changes what it is of after each page.
func pages[T any](t *testing.T, limit int, read func(model.Page) (model.List[T], error), between func()) []T {
	t.Helper()
	var all []T
	p := model.Page{Limit: limit}
	for {
		l, err := read(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Items) > limit || len(l.Items) == 0 && l.Next != "" {
			t.Fatalf("a page of %d, and then %q", len(l.Items), l.Next)
		}
		all = append(all, l.Items...)
		if l.Next == "" {
			return all
		}
		p.After = l.Next
		between()
	}
}

func TestDeploysInPages(t *testing.T) {
	s := start(t, t.TempDir())
	deploy := func(of string) {
		update(t, s, func(tx *state.Tx) error {
			_, err := tx.AddDeploy(model.Deploy{Endpoint: of, Action: "deploy", At: noon})
			return err
		})
	}
	for range 7 {
		deploy("orders")
		deploy("other")
	}
	read := func(p model.Page) (l model.List[model.Deploy], err error) {
		view(t, s, func(tx *state.Tx) error { l, err = tx.Deploys("orders", p); return nil })
		return l, err
	}
	all := pages(t, 3, read, func() { deploy("orders") })
	for n, d := range all {
		if expect := int64(13 - 2*n); d.ID != expect || d.Endpoint != "orders" || !d.At.Equal(noon) {
			t.Errorf("entry %d is %+v, want number %d", n, d, expect)
		}
	}
	if len(all) != 7 {
		t.Errorf("%d entries", len(all))
	}
	_, err := read(model.Page{After: "nonsense"})
	want(t, err, model.Invalid, "after")
	_, err = read(model.Page{Limit: 1001})
	want(t, err, model.Invalid, "limit")
	// A number is never used twice, so that a cursor stays right.
	update(t, s, func(tx *state.Tx) error { return tx.CreateEndpoint(orders()) })
	update(t, s, func(tx *state.Tx) error { return tx.DeleteEndpoint("orders") })
	last := all[0].ID
	deploy("orders")
	if l, err := read(model.Page{}); err != nil || len(l.Items) != 1 || l.Items[0].ID <= last {
		t.Errorf("%+v %v", l, err)
	}
}

func TestVersionsInPages(t *testing.T) {
	s := start(t, t.TempDir())
	update(t, s, func(tx *state.Tx) error {
		err := tx.CreateEndpoint(orders())
		for n := range 5 {
			err = errors.Join(err, tx.PutVersion(model.Version{Endpoint: "orders", Digest: digest(5 - n)}))
		}
		return err
	})
	all := pages(t, 2, func(p model.Page) (l model.List[model.Version], err error) {
		view(t, s, func(tx *state.Tx) error { l, err = tx.VersionPage("orders", p); return nil })
		return l, err
	}, func() {
		_ = s.Update(t.Context(), func(tx *state.Tx) error { return tx.DeleteVersion("orders", digest(2)) }) // the cursor's
	})
	var got []string
	for _, v := range all {
		got = append(got, v.Digest)
		if v.Current != (v.Digest == digest(1)) {
			t.Errorf("%+v", v)
		}
	}
	if !slices.Equal(got, []string{digest(1), digest(2), digest(3), digest(4), digest(5)}) {
		t.Errorf("%q", got)
	}
}

func TestBuilds(t *testing.T) {
	s := start(t, t.TempDir())
	states := []model.BuildState{model.BuildFailed, model.BuildSucceeded, model.BuildCanceled, model.BuildQueued, model.BuildRunning}
	started := noon.Add(time.Second)
	full := model.Build{
		ID: "a-5", Endpoint: "a", Source: digest(1), Language: "go", State: model.BuildSucceeded, Deploy: true, Version: digest(2),
		Deployed: &model.DeployResult{Endpoint: "a", Action: "deploy", New: digest(2), Draining: 3},
		Error:    "none", Isolation: []string{"rlimits"}, Queued: noon, Started: &started, Ended: &started, By: "ci",
	}
	update(t, s, func(tx *state.Tx) error {
		for n, st := range states {
			for _, of := range []string{"a", "b"} {
				if err := tx.PutBuild(model.Build{ID: fmt.Sprintf("%s-%d", of, n), Endpoint: of, State: st}); err != nil {
					return err
				}
			}
		}
		queued := full
		queued.State = model.BuildQueued
		return errors.Join(tx.PutBuild(queued), tx.PutBuild(model.Build{ID: "b-5", Endpoint: "b", State: model.BuildFailed}), tx.PutBuild(full))
	})
	list := func(f model.BuildFilter) (ids []string) {
		view(t, s, func(tx *state.Tx) error {
			l, err := tx.Builds(f, model.Page{})
			for _, b := range l.Items {
				ids = append(ids, b.ID)
			}
			return err
		})
		return ids
	}
	for _, c := range []struct {
		filter model.BuildFilter
		ids    []string
	}{
		{model.BuildFilter{}, []string{"b-5", "a-5", "b-4", "a-4", "b-3", "a-3", "b-2", "a-2", "b-1", "a-1", "b-0", "a-0"}},
		{model.BuildFilter{Endpoint: "a"}, []string{"a-5", "a-4", "a-3", "a-2", "a-1", "a-0"}},
		{model.BuildFilter{State: model.BuildFailed}, []string{"b-5", "b-0", "a-0"}},
		{model.BuildFilter{State: model.BuildSucceeded, Names: []string{"a", "c"}}, []string{"a-5", "a-1"}},
		{model.BuildFilter{Endpoint: "b", Names: []string{"a"}}, nil},
		{model.BuildFilter{Names: []string{`b"]`, "'"}}, nil},
	} {
		if got := list(c.filter); !slices.Equal(got, c.ids) {
			t.Errorf("%+v: %q, want %q", c.filter, got, c.ids)
		}
	}
	view(t, s, func(tx *state.Tx) error {
		got, err := tx.Build("a-5")
		if !reflect.DeepEqual(got, full) {
			t.Errorf("stored %+v\nwant   %+v", got, full)
		}
		_, missing := tx.Build("c")
		want(t, missing, model.Missing, "")
		return err
	})
	var removed []string
	update(t, s, func(tx *state.Tx) (err error) { removed, err = tx.PruneBuilds("a", 2); return err })
	slices.Sort(removed)
	if !slices.Equal(removed, []string{"a-0", "a-1"}) { // a-5 and a-2 are the newest that have ended
		t.Errorf("removed %q", removed)
	}
	if got := list(model.BuildFilter{Endpoint: "a"}); !slices.Equal(got, []string{"a-5", "a-4", "a-3", "a-2"}) {
		t.Errorf("left %q", got)
	}
}

func TestKeys(t *testing.T) {
	s := start(t, t.TempDir())
	expires := noon.Add(time.Hour)
	first := state.Key{
		Key:  model.Key{KeySpec: model.KeySpec{Name: "first", Scope: model.ScopeAdmin, Endpoints: []string{"a"}, Expires: &expires}, Prefix: "eg_1", Created: noon, By: "local"},
		Hash: [32]byte{1, 2, 3},
	}
	second := state.Key{Key: model.Key{KeySpec: model.KeySpec{Name: "a", Scope: model.ScopeRead}}, Hash: [32]byte{4}}
	update(t, s, func(tx *state.Tx) error { return errors.Join(tx.CreateKey(first), tx.CreateKey(second)) })
	want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.CreateKey(first) }), model.Conflict, "name")
	first.LastUsed = &noon
	update(t, s, func(tx *state.Tx) error { return tx.PutKey(first) })
	view(t, s, func(tx *state.Tx) error {
		all, err := tx.Keys()
		if !reflect.DeepEqual(all, []state.Key{second, first}) {
			t.Errorf("%+v", all)
		}
		return err
	})
	update(t, s, func(tx *state.Tx) error { return tx.DeleteKey("a") })
	want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.DeleteKey("a") }), model.Missing, "")
	want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.PutKey(second) }), model.Missing, "")
}

func TestAudit(t *testing.T) {
	s := start(t, t.TempDir())
	entries := []model.AuditEntry{
		{At: noon, By: "ci", From: "10.0.0.1", Action: "endpoint.create", Target: "endpoint/a", Outcome: "done", Detail: "new"},
		{At: noon.Add(1 * time.Hour), By: "local", From: "unix", Action: "endpoint.deploy", Target: "endpoint/a", Outcome: "failed"},
		{At: noon.Add(2 * time.Hour), By: "ci", Action: "endpoints", Target: "endpoint/b", Outcome: "denied"},
		{At: noon.Add(3 * time.Hour), By: "ci", Action: "key.create", Target: "key/x", Outcome: "done"},
	}
	update(t, s, func(tx *state.Tx) error {
		for _, e := range entries {
			if err := tx.AddAudit(e); err != nil {
				return err
			}
		}
		return nil
	})
	for n := range entries {
		entries[n].ID = int64(n + 1)
	}
	list := func(f model.AuditFilter) (ids []int64) {
		view(t, s, func(tx *state.Tx) error {
			l, err := tx.Audit(f, model.Page{})
			for _, e := range l.Items {
				ids = append(ids, e.ID)
				if !reflect.DeepEqual(e, entries[e.ID-1]) {
					t.Errorf("stored %+v\nwant   %+v", e, entries[e.ID-1])
				}
			}
			return err
		})
		return ids
	}
	for _, c := range []struct {
		filter model.AuditFilter
		ids    []int64
	}{
		{model.AuditFilter{}, []int64{4, 3, 2, 1}},
		{model.AuditFilter{By: "ci"}, []int64{4, 3, 1}},
		{model.AuditFilter{Action: "endpoint"}, []int64{2, 1}},
		{model.AuditFilter{Action: "endpoint.deploy"}, []int64{2}},
		{model.AuditFilter{Action: "%"}, nil},
		{model.AuditFilter{Target: "endpoint/a", By: "ci"}, []int64{1}},
		{model.AuditFilter{Since: noon.Add(time.Hour)}, []int64{4, 3, 2}},
		{model.AuditFilter{Until: noon.Add(time.Hour)}, []int64{1}},
		{model.AuditFilter{Since: noon.Add(time.Minute), Until: noon.Add(150 * time.Minute)}, []int64{3, 2}},
	} {
		if got := list(c.filter); !slices.Equal(got, c.ids) {
			t.Errorf("%+v: %d, want %d", c.filter, got, c.ids)
		}
	}
	for _, keep := range []int{10, 3, 1, 0} {
		update(t, s, func(tx *state.Tx) error { return tx.PruneAudit(keep) })
		if got := list(model.AuditFilter{}); len(got) != min(keep, 4) || keep > 0 && got[0] != 4 {
			t.Errorf("kept %d of %d", got, keep)
		}
	}
}

func TestAnswers(t *testing.T) {
	s := start(t, t.TempDir())
	now := noon
	s.SetClock(func() time.Time { return now })
	get := func(actor, key string) (a state.Answer, found bool) {
		view(t, s, func(tx *state.Tx) (err error) { a, found, err = tx.Answer(actor, key); return err })
		return a, found
	}
	put := func(actor, key, text string) {
		update(t, s, func(tx *state.Tx) error {
			return tx.PutAnswer(actor, key, state.Answer{Request: "POST /keys", Answer: []byte(text)})
		})
	}
	put("ci", "1", "one")
	put("ci", "2", "two")
	if a, found := get("ci", "1"); !found || a.Request != "POST /keys" || string(a.Answer) != "one" {
		t.Errorf("%+v %v", a, found)
	}
	for _, other := range [][2]string{{"local", "1"}, {"ci", "3"}} {
		if a, found := get(other[0], other[1]); found {
			t.Errorf("%q has %+v", other, a)
		}
	}
	now = now.Add(24*time.Hour - 1)
	put("ci", "2", "two again")
	if _, found := get("ci", "1"); !found {
		t.Error("an answer is gone too early")
	}
	now = now.Add(1)
	if _, found := get("ci", "1"); found {
		t.Error("an answer is found after a day")
	}
	if a, found := get("ci", "2"); !found || string(a.Answer) != "two again" {
		t.Errorf("%+v %v", a, found)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s := start(t, t.TempDir())
	const more = 10
	update(t, s, func(tx *state.Tx) error {
		for n := range 10_000 + more {
			if err := tx.PutAnswer("ci", fmt.Sprint(n), state.Answer{Request: "POST /endpoints"}); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *state.Tx) error {
		for n, expect := range map[int]bool{0: false, more - 1: false, more: true, 10_000 + more - 1: true} {
			if _, found, err := tx.Answer("ci", fmt.Sprint(n)); found != expect || err != nil {
				t.Errorf("answer %d: %v %v", n, found, err)
			}
		}
		return nil
	})
}

func TestTheAuditDoesNotGrowWithoutEnd(t *testing.T) {
	s := start(t, t.TempDir())
	update(t, s, func(tx *state.Tx) error {
		for range state.AuditKept + 2000 {
			if err := tx.AddAudit(model.AuditEntry{At: noon, By: "ci", Action: "deploy", Outcome: "denied"}); err != nil {
				return err
			}
		}
		return nil
	})
	oldest := 0
	view(t, s, func(tx *state.Tx) error {
		p := model.Page{Limit: 1000}
		for {
			l, err := tx.Audit(model.AuditFilter{}, p)
			if oldest += len(l.Items); err != nil || l.Next == "" {
				return err
			}
			p.After = l.Next
		}
	})
	if oldest != state.AuditKept {
		t.Errorf("%d entries are kept", oldest)
	}
}

func TestTheHistoryOfAnEndpointDoesNotGrowWithoutEnd(t *testing.T) {
	s := start(t, t.TempDir())
	var last int64
	update(t, s, func(tx *state.Tx) (err error) {
		for n := range state.DeploysKept + 5 {
			if n < 2 {
				_, err = tx.AddDeploy(model.Deploy{Endpoint: "other", Action: "deploy"})
			}
			if err == nil {
				last, err = tx.AddDeploy(model.Deploy{Endpoint: "a", Action: "deploy"})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *state.Tx) error {
		l, err := tx.Deploys("a", model.Page{Limit: 1000})
		if len(l.Items) != state.DeploysKept || l.Next != "" || l.Items[0].ID != last {
			t.Errorf("%d entries, next %q", len(l.Items), l.Next)
		}
		if err != nil {
			return err
		}
		l, err = tx.Deploys("other", model.Page{})
		if len(l.Items) != 2 {
			t.Errorf("another endpoint has %d entries", len(l.Items))
		}
		return err
	})
}
