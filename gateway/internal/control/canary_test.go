package control

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

func (b *box) canary(endpoint, digest string, r model.CanaryRequest) (model.DeployResult, error) {
	return b.Deploy(b.ctx, endpoint, model.DeployRequest{Version: digest, Canary: &r})
}

// ask sends requests of as many clients, told apart by a header, and counts
// the answers by their text.
func (b *box) ask(path string, requests int) map[string]int {
	b.t.Helper()
	seen := map[string]int{}
	result := rawclient.Load{Addr: b.address, Requests: requests,
		Request: func(_, i int) []byte {
			return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: x\r\nX-User: %d\r\n\r\n", path, i)
		},
		Check: func(r *rawclient.Response) error {
			seen[string(r.Body)]++ // one connection: no two at a time
			return nil
		},
	}.Run(b.t.Context())
	if result.Failed > 0 {
		b.t.Error(result)
	}
	return seen
}

func TestACanaryIsPromotedOrAborted(t *testing.T) {
	b := open(t, "")
	one := b.live("a", "/a", "marker-0001")
	two := b.upload("a", "marker-0002")
	for range 2 { // once more the same changes its share
		r, err := b.canary("a", two, model.CanaryRequest{Weight: 50, Header: "X-User"})
		must(t, err)
		if r.Action != "canary" || r.Old != one || r.New != two || r.Fate != "kept" || r.Trial == "" {
			t.Errorf("%+v", r)
		}
	}
	seen := b.ask("/a", 400)
	if seen["marker-0001"] < 100 || seen["marker-0002"] < 100 {
		t.Errorf("shares %v", seen)
	}
	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	if e.Version != one || e.Canary == nil || e.Canary.Current.Requests != int64(seen["marker-0001"]) || e.Canary.Candidate.Requests != int64(seen["marker-0002"]) {
		t.Errorf("%+v, seen %v", e.Canary, seen)
	}
	three := b.upload("a", "marker-0003")
	_, err = b.canary("a", three, model.CanaryRequest{Weight: 5})
	wants(t, err, model.Conflict, "version", "promote or abort it first")
	wants(t, b.DeleteVersion(b.ctx, "a", two), model.Conflict, "", "is a canary")

	b.stop() // it survives that
	again := open(t, b.dir)
	seen = again.ask("/a", 400)
	if seen["marker-0001"] < 100 || seen["marker-0002"] < 100 {
		t.Errorf("shares after a restart %v", seen)
	}
	r, err := again.Promote(again.ctx, "a")
	if err != nil || r.Old != one || r.New != two || r.Fate != "unloaded" {
		t.Errorf("%+v, %v", r, err)
	}
	again.serves("/a", 200, "marker-0002")
	_, err = again.Abort(again.ctx, "a")
	wants(t, err, model.Conflict, "", "has no canary")

	_, err = again.canary("a", three, model.CanaryRequest{Weight: 50})
	must(t, err)
	r, err = again.Abort(again.ctx, "a")
	if err != nil || r.Old != three || r.New != two || r.Fate != "unloaded" {
		t.Errorf("%+v, %v", r, err)
	}
	again.serves("/a", 200, "marker-0002")
	_, err = again.canary("a", three, model.CanaryRequest{Weight: 50})
	must(t, err)
	again.deploy("a", one) // ends it
	if e, err := again.Endpoint(again.ctx, "a"); err != nil || e.Canary != nil || e.Version != one {
		t.Errorf("%+v, %v", e, err)
	}
	list, err := again.Deploys(again.ctx, "a", model.Page{})
	must(t, err)
	var actions []string
	for _, d := range list.Items {
		actions = append(actions, d.Action)
	}
	if want := []string{"deploy", "abort", "canary", "abort", "canary", "promote", "canary", "canary", "deploy"}; !slices.Equal(actions, want) {
		t.Errorf("history %q", actions)
	}
}

func TestACanaryThatCannotBeIsRefused(t *testing.T) {
	b := open(t, "")
	b.create("a", "/a")
	one, two := b.upload("a", "marker-0001"), b.upload("a", "marker-0002")
	_, err := b.canary("a", one, model.CanaryRequest{Weight: 5})
	wants(t, err, model.Conflict, "", "deploy one first")
	b.deploy("a", one)
	_, err = b.canary("a", one, model.CanaryRequest{Weight: 5})
	wants(t, err, model.Conflict, "version", "its own canary")
	for _, test := range []struct {
		r     model.CanaryRequest
		field string
	}{
		{model.CanaryRequest{Weight: 0}, "canary.weight"},
		{model.CanaryRequest{Weight: 100}, "canary.weight"},
		{model.CanaryRequest{Weight: math.NaN()}, "canary.weight"},
		{model.CanaryRequest{Weight: 5, Header: "X User"}, "canary.header"},
		{model.CanaryRequest{Weight: 5, Auto: &model.CanaryRule{MinRequests: 99}}, "canary.auto.min_requests"},
		{model.CanaryRequest{Weight: 5, Auto: &model.CanaryRule{ErrorMargin: 101}}, "canary.auto.error_margin"},
		{model.CanaryRequest{Weight: 5, Auto: &model.CanaryRule{LatencyFactor: .5}}, "canary.auto.latency_factor"},
		{model.CanaryRequest{Weight: 5, Auto: &model.CanaryRule{PromoteAfter: -1}}, "canary.auto.promote_after"},
	} {
		_, err := b.canary("a", two, test.r)
		wants(t, err, model.Invalid, test.field, "")
	}
}

// A canary that is left to the figures is promoted when it does well, and
// aborted when it does not, and the rule that decided is told.
func TestFiguresDecideAboutACanary(t *testing.T) {
	for _, test := range []struct {
		candidate, action, wins, says string
	}{
		{"marker-0002", "promote", "marker-0002", "promoted: good for"},
		{"5arker-0002", "abort", "marker-0001", "aborted: "},
	} {
		t.Run(test.action, func(t *testing.T) {
			t.Parallel()
			b := open(t, "", func(o *Options) { o.canaryEvery = 10 * time.Millisecond })
			b.live("a", "/a", "marker-0001")
			two := b.upload("a", test.candidate)
			rule := &model.CanaryRule{LatencyFactor: 100, PromoteAfter: model.Duration(time.Millisecond)}
			_, err := b.canary("a", two, model.CanaryRequest{Weight: 50, Header: "X-User", Auto: rule})
			must(t, err)
			e, err := b.Endpoint(b.ctx, "a")
			if err != nil || !strings.HasPrefix(e.Canary.Verdict, "waiting: ") {
				t.Errorf("%+v, %v", e.Canary, err)
			}
			for deadline := time.Now().Add(20 * time.Second); e.Canary != nil; {
				if time.Now().After(deadline) {
					t.Fatalf("nothing was decided: %+v", e.Canary)
				}
				b.ask("/a", 300)
				e, err = b.Endpoint(b.ctx, "a")
				must(t, err)
			}
			if seen := b.ask("/a", 50); seen[test.wins] != 50 {
				t.Errorf("afterwards %v", seen)
			}
			list, err := b.Deploys(b.ctx, "a", model.Page{Limit: 1})
			must(t, err)
			if d := list.Items[0]; d.Action != test.action || d.By != "gateway" || !strings.HasPrefix(d.Reason, test.says) {
				t.Errorf("%+v", d)
			}
			if got := b.audited(model.AuditFilter{Action: "endpoint." + test.action}); len(got) != 1 || got[0] != "gateway endpoint."+test.action+" endpoint/a done" {
				t.Errorf("audit %q", got)
			}
		})
	}
}
