package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

func TestVersionsAreDeployedAndRolledBack(t *testing.T) {
	b := open(t, "")
	b.create("a", "/a")
	one, two, three := b.upload("a", "marker-0001"), b.upload("a", "marker-0002"), b.upload("a", "marker-0003")
	first := b.deploy("a", one)
	if first.Old != "" || first.New != one || first.Fate != "" || !strings.Contains(first.Trial, "loaded, started and shut down") {
		t.Errorf("first %+v", first)
	}
	second := b.deploy("a", two[:12])
	if second.Old != one || second.New != two || second.Fate != "unloaded" || second.Draining != 0 {
		t.Errorf("second %+v", second)
	}
	b.deploy("a", three)
	b.serves("/a", 200, "marker-0003")
	for _, want := range []string{"marker-0002", "marker-0001"} {
		r, err := b.Rollback(b.ctx, "a")
		must(t, err)
		if r.Action != "rollback" {
			t.Errorf("%+v", r)
		}
		b.serves("/a", 200, want)
	}
	_, err := b.Rollback(b.ctx, "a")
	wants(t, err, model.Conflict, "", "no version to go back to")

	gone, err := b.Undeploy(b.ctx, "a")
	if err != nil || gone.Old != one || gone.New != "" || gone.Fate != "unloaded" {
		t.Errorf("%+v, %v", gone, err)
	}
	b.serves("/a", 503, "")
	back, err := b.Rollback(b.ctx, "a")
	if err != nil || back.New != one {
		t.Errorf("%+v, %v", back, err)
	}
	b.serves("/a", 200, "marker-0001")

	again := b.deploy("a", one)
	if again.Fate != "kept" || again.Old != one {
		t.Errorf("once more the same: %+v", again)
	}
	list, err := b.Deploys(b.ctx, "a", model.Page{})
	must(t, err)
	var actions []string
	for _, d := range list.Items {
		actions = append(actions, d.Action)
		if d.By != "tester" || d.At.IsZero() || d.ID == 0 {
			t.Errorf("%+v", d)
		}
	}
	if want := []string{"rollback", "undeploy", "rollback", "rollback", "deploy", "deploy", "deploy"}; !slices.Equal(actions, want) {
		t.Errorf("history %q", actions)
	}
}

func TestTheLineOfAHistory(t *testing.T) {
	for _, test := range []struct{ history, present, want string }{
		{"", "", ""},
		{"deploy:a", "a", ""},
		{"deploy:a deploy:b", "b", "a"},
		{"deploy:a deploy:b rollback:a", "a", ""},
		{"deploy:a deploy:b deploy:c rollback:b", "b", "a"},
		{"deploy:a deploy:b rollback:a deploy:c", "c", "a"},
		{"deploy:a deploy:b deploy:a", "a", "b"},
		{"deploy:a deploy:b deploy:a rollback:b", "b", "a"},
		{"deploy:a undeploy:", "", "a"},
		{"deploy:a deploy:b undeploy:", "", "b"},
		{"deploy:a deploy:b undeploy: rollback:b", "b", "a"},
		{"deploy:a canary:b promote:b", "b", "a"},
		{"deploy:a canary:b abort:a", "a", ""},
		{"deploy:a deploy:gone deploy:c", "c", "a"},
		{"rollback:a deploy:b", "b", "a"}, // the beginning is not known any more
	} {
		var history []model.Deploy
		for _, one := range strings.Fields(test.history) {
			action, version, _ := strings.Cut(one, ":")
			history = append([]model.Deploy{{Action: action, New: version}}, history...)
		}
		if got := before(history, test.present, func(digest string) bool { return digest != "gone" }); got != test.want {
			t.Errorf("%s: back to %q, want %q", test.history, got, test.want)
		}
	}
}

func TestAVersionThatIsNotGoodEnoughIsNotDeployed(t *testing.T) {
	b := open(t, "")
	good := b.live("a", "/a", "marker-0001")
	_, err := b.Upload(b.ctx, "a", strings.NewReader("no library"), "")
	wants(t, err, model.Refused, "", "cannot be loaded here")
	_, err = b.Upload(b.ctx, "a", bytes.NewReader(version(t, "marker-0002")), strings.Repeat("0", 64))
	wants(t, err, model.Invalid, "sha256", "does not have the digest")
	_, err = b.Upload(b.ctx, "none", bytes.NewReader(version(t, "marker-0002")), "")
	wants(t, err, model.Missing, "", `no endpoint "none"`)
	_, err = b.Deploy(b.ctx, "a", model.DeployRequest{Version: "0123456789"})
	wants(t, err, model.Missing, "version", `no version "0123456789"`)

	// A probe has the last word.
	_, err = b.UpdateEndpoint(b.ctx, "a", 0, model.EndpointSpec{Path: "/a", Probe: &model.Probe{Path: "/a"}})
	must(t, err)
	bad := b.upload("a", "5arker-0002")
	_, err = b.Deploy(b.ctx, "a", model.DeployRequest{Version: bad})
	wants(t, err, model.Refused, "", "the probe GET /a was answered with 500")
	b.serves("/a", 200, "marker-0001")
	if e, err := b.Endpoint(b.ctx, "a"); err != nil || e.Version != good {
		t.Errorf("%+v, %v", e, err)
	}
	if got := b.audited(model.AuditFilter{Action: "endpoint.deploy"}); len(got) != 3 || got[0] != "tester endpoint.deploy endpoint/a failed" {
		t.Errorf("audit %q", got)
	}
}

func TestVersionsAreDownloadedAndDeleted(t *testing.T) {
	b := open(t, "")
	deployed := b.live("a", "/a", "marker-0001")
	other := b.upload("a", "marker-0002")
	if again := b.upload("a", "marker-0002"); again != other {
		t.Errorf("the same bytes are versions %s and %s", other, again)
	}
	list, err := b.Versions(b.ctx, "a", model.Page{})
	must(t, err)
	if len(list.Items) != 2 || list.Items[0].Digest != other || !list.Items[1].Current || list.Items[0].Language != "c" || list.Items[0].Origin != "upload" {
		t.Errorf("%+v", list.Items)
	}
	library, v, err := b.Library(b.ctx, "a", other[:8])
	must(t, err)
	data, err := io.ReadAll(library)
	library.Close()
	if err != nil || !bytes.Equal(data, version(t, "marker-0002")) || v.Digest != other {
		t.Errorf("%d bytes of %+v, %v", len(data), v, err)
	}
	wants(t, b.DeleteVersion(b.ctx, "a", deployed), model.Conflict, "", "is deployed")
	must(t, b.DeleteVersion(b.ctx, "a", other))
	_, _, err = b.Library(b.ctx, "a", other)
	wants(t, err, model.Missing, "", "no version")
}

// What a change does to the worker is undone when it cannot be written down.
func TestAChangeThatCannotBeWrittenDownIsNotServed(t *testing.T) {
	b := open(t, "")
	one := b.live("a", "/a", "marker-0001")
	two := b.upload("a", "marker-0002")
	gone := errors.New("the disk is gone")
	d := b.deed(b.ctx, "endpoint.deploy", "endpoint/a")
	err := b.change(b.ctx, d, func(e *edit) error {
		is, err := e.own("a")
		is.Version = two
		e.putEndpoint(is)
		e.createEndpoint(model.Endpoint{EndpointSpec: model.EndpointSpec{Name: "b", Path: "/b"}, Origin: model.FromAPI})
		e.write(func(*state.Tx) error {
			b.serves("/a", 200, "marker-0002") // it is served by now
			b.serves("/b", 503, "")
			return gone
		})
		return err
	})
	if !errors.Is(err, gone) {
		t.Fatal(err)
	}
	b.serves("/a", 200, "marker-0001")
	b.serves("/b", 404, "")
	list, err := b.Endpoints(b.ctx, model.EndpointFilter{}, model.Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Version != one || list.Items[0].Fault != "" {
		t.Errorf("%+v, %v", list, err)
	}
	b.deploy("a", two)
	b.serves("/a", 200, "marker-0002")
}

func TestADeployThatNobodyWaitsForChangesNothing(t *testing.T) {
	b := open(t, "")
	b.live("a", "/a", "marker-0001")
	two := b.upload("a", "marker-0002")
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	if _, err := b.Deploy(ctx, "a", model.DeployRequest{Version: two}); err == nil {
		t.Error("it was deployed")
	}
	b.serves("/a", 200, "marker-0001")
}

// Four clients deploy at once to two endpoints under load: one after the other
// to each, and no request is lost.
func TestDeploysOfManyClientsLoseNoRequest(t *testing.T) {
	b := open(t, "")
	names := []string{"a", "b"}
	versions := map[string][]string{}
	for _, name := range names {
		b.create(name, "/"+name)
		for i := range 4 {
			versions[name] = append(versions[name], b.upload(name, fmt.Sprintf("marker-000%d", i)))
		}
		b.deploy(name, versions[name][0])
	}
	loading, stop := context.WithCancel(t.Context())
	load := &rawclient.Load{Addr: b.address, Conns: 4,
		Request: func(conn, i int) []byte {
			return []byte("GET /" + names[i%2] + " HTTP/1.1\r\nHost: x\r\n\r\n")
		},
		Check: func(r *rawclient.Response) error {
			if r.Status != 200 {
				return fmt.Errorf("status %d", r.Status)
			}
			return nil
		},
	}
	loaded := make(chan *rawclient.Result, 1)
	go func() {
		loaded <- load.Run(loading)
	}()
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() {
			for i := range 5 {
				name := names[(client+i)%2]
				if _, err := b.Deploy(b.ctx, name, model.DeployRequest{Version: versions[name][(client+i)%4]}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	stop()
	result := <-loaded
	if result.Failed > 0 || result.OK < 100 {
		t.Errorf("%v", result)
	}
	// Each deploy began with what the one before it had left.
	for _, name := range names {
		list, err := b.Deploys(b.ctx, name, model.Page{})
		must(t, err)
		for i, d := range list.Items[:len(list.Items)-1] {
			if d.Old != list.Items[i+1].New {
				t.Errorf("deploy %d of %s replaced %s, but %s was there", d.ID, name, short(d.Old), short(list.Items[i+1].New))
			}
		}
	}
}

func TestWhatWasServedIsServedAfterARestart(t *testing.T) {
	b := open(t, "")
	b.live("a", "/a", "marker-0001")
	b.deploy("a", b.upload("a", "marker-0002"))
	b.live("broken", "/broken", "marker-0003")
	b.live("missing", "/missing", "marker-0004")
	_, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "fast", Kind: "cache"})
	must(t, err)
	broken, err := b.Endpoint(b.ctx, "broken")
	must(t, err)
	missing, err := b.Endpoint(b.ctx, "missing")
	must(t, err)
	before, err := b.Endpoints(b.ctx, model.EndpointFilter{}, model.Page{})
	must(t, err)
	paths := map[string]string{}
	for name, digest := range map[string]string{"broken": broken.Version, "missing": missing.Version} {
		kept, err := b.artifacts.Library(digest)
		must(t, err)
		paths[name] = kept.Path
	}
	b.stop()
	writeFile(t, paths["broken"], []byte("not a library any more"))
	must(t, os.Remove(paths["missing"]))

	again := open(t, b.dir)
	again.serves("/a", 200, "marker-0002")
	again.serves("/broken", 503, "")
	again.serves("/missing", 503, "")
	after, err := again.Endpoints(again.ctx, model.EndpointFilter{}, model.Page{})
	must(t, err)
	for i, e := range after.Items {
		if e.Version != before.Items[i].Version || e.Revision != before.Items[i].Revision || (e.Fault != "") != (e.Name != "a") {
			t.Errorf("%+v, was %+v", e, before.Items[i])
		}
	}
	if ready := again.Ready(again.ctx); ready.Ready || len(ready.NotReady) != 2 {
		t.Errorf("%+v", ready)
	}
	// What has a fault is in nobody's way, and can be mended.
	again.create("new", "/new")
	must(t, again.DeleteEndpoint(again.ctx, "missing", 0))
	again.deploy("broken", again.upload("broken", "marker-0005"))
	again.serves("/broken", 200, "marker-0005")
	if ready := again.Ready(again.ctx); !ready.Ready {
		t.Errorf("%+v", ready)
	}
}
