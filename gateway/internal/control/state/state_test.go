package state_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func start(t testing.TB, dir string) *state.Store {
	t.Helper()
	s, err := state.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func update(t testing.TB, s *state.Store, f func(*state.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *state.Store, f func(*state.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// want tells whether an error is one that people can act on.
func want(t testing.TB, err error, kind model.Kind, field string) *model.Error {
	t.Helper()
	problem := new(model.Error)
	if !errors.As(err, &problem) || problem.Kind != kind || problem.Field != field {
		t.Fatalf("error %v (%+v), want kind %d at field %q", err, problem, kind, field)
	}
	return problem
}

// digest makes one of a number.
func digest(n int) string { return fmt.Sprintf("%08x", n) + strings.Repeat("a", 56) }

var noon = time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC)

func orders() model.Endpoint {
	return model.Endpoint{
		EndpointSpec: model.EndpointSpec{
			Name: "orders", Domain: "api.example.com", Path: "/orders/{id}", Methods: []string{"GET"},
			Config: map[string]string{"mode": "fast"}, Services: map[string]string{"db": "orders-db"},
			Limits: model.Limits{Timeout: model.Duration(5 * time.Second), MaxBody: 1 << 20},
			Probe:  &model.Probe{Path: "/orders/1", Headers: map[string]string{"X-Probe": "1"}, Status: 200},
		},
		Origin: model.FromAPI, Revision: 1, Version: digest(1), Created: noon, Updated: noon,
		Canary: &model.Canary{
			CanaryRequest: model.CanaryRequest{Weight: 2.5, Header: "X-User", Auto: &model.CanaryRule{MinRequests: 200}},
			Version:       digest(2), Started: noon, By: "ci",
		},
	}
}

func TestEndpoints(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	live := orders()
	live.Fault = "out of luck"
	live.Canary.Current.Requests, live.Canary.Verdict = 7, "too early"
	second := model.Endpoint{EndpointSpec: model.EndpointSpec{Name: "a", Path: "/"}, Origin: model.FromAPI}
	update(t, s, func(tx *state.Tx) error { return errors.Join(tx.CreateEndpoint(live), tx.CreateEndpoint(second)) })
	if live.Canary.Verdict == "" {
		t.Error("the caller's value was changed")
	}
	problem := want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.CreateEndpoint(live) }), model.Conflict, "name")
	if problem.Other != "endpoint/orders" {
		t.Errorf("the other is %q", problem.Other)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = start(t, dir)
	view(t, s, func(tx *state.Tx) error {
		got, err := tx.Endpoint("orders")
		if !reflect.DeepEqual(got, orders()) {
			t.Errorf("stored  %+v\nwant    %+v", got, orders())
		}
		all, err2 := tx.Endpoints()
		if len(all) != 2 || all[0].Name != "a" || all[1].Name != "orders" {
			t.Errorf("%+v", all)
		}
		return errors.Join(err, err2)
	})
	second.Revision = 2
	update(t, s, func(tx *state.Tx) error { return tx.PutEndpoint(second) })
	view(t, s, func(tx *state.Tx) error {
		got, err := tx.Endpoint("a")
		if got.Revision != 2 {
			t.Errorf("revision %d", got.Revision)
		}
		return err
	})
	for name, f := range map[string]func(*state.Tx) error{
		"read": func(tx *state.Tx) error { _, err := tx.Endpoint("b"); return err },
		"replace": func(tx *state.Tx) error {
			return tx.PutEndpoint(model.Endpoint{EndpointSpec: model.EndpointSpec{Name: "b"}})
		},
		"delete": func(tx *state.Tx) error { return tx.DeleteEndpoint("b") },
	} {
		if got := want(t, s.Update(t.Context(), f), model.Missing, ""); got.Reason != `there is no endpoint "b"` {
			t.Errorf("%s: %s", name, got.Reason)
		}
	}
}

func TestDeletedEndpointTakesItsOwn(t *testing.T) {
	s := start(t, t.TempDir())
	update(t, s, func(tx *state.Tx) error {
		for _, name := range []string{"orders", "other"} {
			e := orders()
			e.Name = name
			_, err := tx.AddDeploy(model.Deploy{Endpoint: name, Action: "deploy", New: digest(1), At: noon})
			if err := errors.Join(err, tx.CreateEndpoint(e), tx.PutVersion(model.Version{Endpoint: name, Digest: digest(1), Created: noon}),
				tx.PutSource(name, model.Source{Digest: digest(9)}), tx.PutBuild(model.Build{ID: name, Endpoint: name, State: model.BuildFailed})); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, s, func(tx *state.Tx) error { return tx.DeleteEndpoint("orders") })
	view(t, s, func(tx *state.Tx) error {
		for name, n := range map[string]int{"orders": 0, "other": 1} {
			versions, err := tx.Versions(name)
			deploys, err2 := tx.Deploys(name, model.Page{})
			_, err3 := tx.Source(name)
			if err := errors.Join(err, err2); err != nil || len(versions) != n || len(deploys.Items) != n || (err3 == nil) != (n == 1) {
				t.Errorf("%s: %v, %d versions, %d deploys, source %v", name, err, len(versions), len(deploys.Items), err3)
			}
		}
		builds, err := tx.Builds(model.BuildFilter{}, model.Page{})
		if len(builds.Items) != 2 {
			t.Errorf("%d builds", len(builds.Items))
		}
		return err
	})
}

func TestVersions(t *testing.T) {
	s := start(t, t.TempDir())
	first := model.Version{
		Endpoint: "orders", Digest: digest(1), Language: "c", Size: 10, Source: digest(7), Origin: "build", Build: "b1", Created: noon, By: "ci",
	}
	update(t, s, func(tx *state.Tx) error {
		again := first
		again.By = "somebody else"
		return errors.Join(
			tx.CreateEndpoint(orders()), tx.PutVersion(first), tx.PutVersion(model.Version{Endpoint: "orders", Digest: digest(0x10)}),
			tx.PutVersion(again), tx.PutVersion(model.Version{Endpoint: "of-the-file", Digest: digest(1)}))
	})
	view(t, s, func(tx *state.Tx) error {
		all, err := tx.Versions("orders")
		expect := first
		expect.Current = true
		if len(all) != 2 || all[0].Digest != digest(0x10) || all[0].Current || !reflect.DeepEqual(all[1], expect) {
			t.Errorf("%+v", all)
		}
		for _, text := range []string{digest(1), digest(1)[:8]} {
			if v, err := tx.Version("orders", text); err != nil || v != expect {
				t.Errorf("%s: %+v %v", text, v, err)
			}
		}
		for _, text := range []string{"", "ff", "0000000g", digest(1) + "a", digest(3)} {
			_, err := tx.Version("orders", text)
			want(t, err, model.Missing, "")
		}
		_, several := tx.Version("orders", "000000")
		want(t, several, model.Invalid, "version")
		return err
	})
	update(t, s, func(tx *state.Tx) error { return tx.DeleteVersion("orders", digest(1)) })
	want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.DeleteVersion("orders", digest(1)) }), model.Missing, "")
}

func TestDigests(t *testing.T) {
	s := start(t, t.TempDir())
	update(t, s, func(tx *state.Tx) error {
		return errors.Join(
			tx.CreateEndpoint(orders()), // versions 1 and, as a canary, 2
			tx.CreateEndpoint(model.Endpoint{EndpointSpec: model.EndpointSpec{Name: "empty"}}),
			tx.PutVersion(model.Version{Endpoint: "orders", Digest: digest(3), Source: digest(13)}),
			tx.PutSource("orders", model.Source{Digest: digest(14)}),
			tx.PutBuild(model.Build{ID: "1", State: model.BuildQueued, Source: digest(15)}),
			tx.PutBuild(model.Build{ID: "2", State: model.BuildRunning, Source: digest(16)}),
			tx.PutBuild(model.Build{ID: "3", State: model.BuildFailed, Source: digest(17)}))
	})
	view(t, s, func(tx *state.Tx) error {
		libraries, sources, err := tx.Digests()
		if want := map[string]bool{digest(1): true, digest(2): true, digest(3): true}; !reflect.DeepEqual(libraries, want) {
			t.Errorf("libraries %v", libraries)
		}
		if want := map[string]bool{digest(13): true, digest(14): true, digest(15): true, digest(16): true}; !reflect.DeepEqual(sources, want) {
			t.Errorf("sources %v", sources)
		}
		return err
	})
}
