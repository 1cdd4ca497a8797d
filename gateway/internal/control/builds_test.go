package control

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// source is a handler that answers with a text.
func source(text string) map[string]string {
	return map[string]string{"main.c": strings.ReplaceAll(handlerInC, marker, text), "note.txt": text}
}

// built waits for a build to end, by following its log, which it gives.
func (b *box) built(id string) (model.Build, string) {
	b.t.Helper()
	log, err := b.BuildLog(b.ctx, id, true)
	must(b.t, err)
	defer log.Close()
	text, err := io.ReadAll(log)
	must(b.t, err)
	build, err := b.FindBuild(b.ctx, id)
	must(b.t, err)
	return build, string(text)
}

func TestASourceIsKeptBuiltAndDeployed(t *testing.T) {
	version(t, marker) // skips where there is no compiler
	b := open(t, "")
	b.create("a", "/a")
	_, err := b.Build(b.ctx, "a", model.BuildRequest{})
	wants(t, err, model.Conflict, "", "has no source")
	put, err := b.PutSource(b.ctx, "a", tarOf(t, source("from-source")), "")
	must(t, err)
	if put.Language != "c" || put.Files != 2 || put.By != "tester" {
		t.Errorf("%+v", put)
	}
	b.serves("/a", 503, "")
	queued, err := b.Build(b.ctx, "a", model.BuildRequest{Deploy: true})
	if err != nil || queued.State != model.BuildQueued || queued.Source != put.Digest {
		t.Fatalf("%+v, %v", queued, err)
	}
	build, log := b.built(queued.ID)
	if build.State != model.BuildSucceeded || build.Deployed == nil || build.Deployed.New != build.Version || build.Started == nil || build.Ended == nil {
		t.Fatalf("%+v\n%s", build, log)
	}
	if !strings.Contains(log, "built ") || !strings.Contains(log, "deployed ") {
		t.Errorf("log %q", log)
	}
	b.serves("/a", 200, "from-source")
	list, err := b.Versions(b.ctx, "a", model.Page{})
	must(t, err)
	if v := list.Items[0]; v.Origin != "build" || v.Build != build.ID || v.Source != put.Digest || v.Language != "c" || v.By != "tester" {
		t.Errorf("%+v", v)
	}

	// One that does not compile, and a new source as such, touch nothing.
	_, err = b.PutSource(b.ctx, "a", strings.NewReader("this is no C"), "main.c")
	must(t, err)
	b.serves("/a", 200, "from-source")
	queued, err = b.Build(b.ctx, "a", model.BuildRequest{Deploy: true})
	must(t, err)
	build, log = b.built(queued.ID)
	if build.State != model.BuildFailed || !strings.Contains(build.Error, "error") || !strings.Contains(log, "main.c:1") || build.Version != "" {
		t.Errorf("%+v\n%s", build, log)
	}
	b.serves("/a", 200, "from-source")
	all, err := b.Builds(b.ctx, model.BuildFilter{Endpoint: "a"}, model.Page{})
	if err != nil || len(all.Items) != 2 || all.Items[0].ID != build.ID {
		t.Errorf("%+v, %v", all, err)
	}
	_, err = b.CancelBuild(b.ctx, build.ID)
	wants(t, err, model.Conflict, "", "has ended already: it failed")
	_, err = b.FindBuild(b.ctx, "none")
	wants(t, err, model.Missing, "", `no build "none"`)
}

func TestEqualTreesAreOneSource(t *testing.T) {
	b := open(t, "")
	b.create("a", "/a")
	one, err := b.PutSource(b.ctx, "a", tarOf(t, map[string]string{"b/x.c": "1", "a.c": "2"}), "")
	must(t, err)
	two, err := b.PutSource(b.ctx, "a", tarOf(t, map[string]string{"./a.c": "2", "./b/x.c": "1"}), "")
	if err != nil || one.Digest != two.Digest {
		t.Errorf("%+v and %+v, %v", one, two, err)
	}
	tree, s, err := b.Source(b.ctx, "a")
	must(t, err)
	defer tree.Close()
	var names []string
	for r := tar.NewReader(tree); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		names = append(names, header.Name)
	}
	if s.Digest != one.Digest || !slices.Equal(names, []string{"a.c", "b/x.c"}) {
		t.Errorf("%+v has %q", s, names)
	}
}

func TestASourceThatMeansHarmIsRefused(t *testing.T) {
	b := open(t, "", func(o *Options) { o.MaxSource = 1 << 20 })
	b.create("a", "/a")
	link := func(header tar.Header) io.Reader {
		var data bytes.Buffer
		w := tar.NewWriter(&data)
		must(t, w.WriteHeader(&header))
		must(t, w.Close())
		return &data
	}
	for _, test := range []struct {
		source   io.Reader
		filename string
		kind     model.Kind
	}{
		{tarOf(t, map[string]string{"../out.c": "x"}), "", model.Refused},
		{tarOf(t, map[string]string{"/etc/out.c": "x"}), "", model.Refused},
		{link(tar.Header{Name: "l", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), "", model.Refused},
		{link(tar.Header{Name: "d", Typeflag: tar.TypeChar}), "", model.Refused},
		{tarOf(t, map[string]string{"big.c": strings.Repeat("x", 2<<20)}), "", model.TooLarge},
		{strings.NewReader("no archive"), "", model.Refused},
		{strings.NewReader("x"), "../main.c", model.Refused},
	} {
		_, err := b.PutSource(b.ctx, "a", test.source, test.filename)
		var problem *model.Error
		if !errors.As(err, &problem) || problem.Kind != test.kind {
			t.Errorf("%v, want kind %d", err, test.kind)
		}
	}
	_, _, err := b.Source(b.ctx, "a")
	wants(t, err, model.Missing, "", "has no source")
}

func TestABuildThatWaitsIsCanceled(t *testing.T) {
	version(t, marker)
	b := open(t, "")
	b.create("a", "/a")
	// A header that takes the compiler long enough to be caught at it.
	slow := source("from-source")
	slow["main.c"] = "#define A(x) x x x x x x x x x x\n#define B A(A(A(A(A(A(A(int;)))))))\nB\n" + slow["main.c"]
	_, err := b.PutSource(b.ctx, "a", tarOf(t, slow), "")
	must(t, err)
	var ids []string
	for range 2 {
		queued, err := b.Build(b.ctx, "a", model.BuildRequest{})
		must(t, err)
		ids = append(ids, queued.ID)
	}
	for _, id := range []string{ids[1], ids[0]} { // the second waits for the first
		canceled, err := b.CancelBuild(b.ctx, id)
		if err != nil || canceled.State != model.BuildCanceled || canceled.Ended == nil {
			t.Errorf("%+v, %v", canceled, err)
		}
	}
}

func TestBuildsAfterARestart(t *testing.T) {
	version(t, marker)
	b := open(t, "")
	b.create("a", "/a")
	put, err := b.PutSource(b.ctx, "a", tarOf(t, source("from-source")), "")
	must(t, err)
	at := time.Now().UTC()
	// As a process leaves them that is killed.
	must(t, b.state.Update(context.Background(), func(tx *state.Tx) error {
		for id, s := range map[string]model.BuildState{"was-running": model.BuildRunning, "was-waiting": model.BuildQueued} {
			if err := tx.PutBuild(model.Build{ID: id, Endpoint: "a", Source: put.Digest, State: s, Queued: at, By: "tester"}); err != nil {
				return err
			}
		}
		return nil
	}))
	b.stop()
	again := open(t, b.dir)
	if build, err := again.FindBuild(again.ctx, "was-running"); err != nil || build.State != model.BuildFailed || build.Error != "the gateway ended while it ran" {
		t.Errorf("%+v, %v", build, err)
	}
	if build, log := again.built("was-waiting"); build.State != model.BuildSucceeded || build.Version == "" {
		t.Errorf("%+v\n%s", build, log)
	}
}

func TestAnEndpointThatIsDeletedTakesItsBuildsAlong(t *testing.T) {
	version(t, marker)
	b := open(t, "")
	b.create("a", "/a")
	_, err := b.PutSource(b.ctx, "a", tarOf(t, source("from-source")), "")
	must(t, err)
	var ids []string
	for range 3 {
		queued, err := b.Build(b.ctx, "a", model.BuildRequest{Deploy: true})
		must(t, err)
		ids = append(ids, queued.ID)
	}
	must(t, b.DeleteEndpoint(b.ctx, "a", 0))
	for _, id := range ids {
		if build, log := b.built(id); build.State == model.BuildSucceeded || !build.State.Final() {
			t.Errorf("%+v\n%s", build, log)
		}
	}
	b.create("a", "/a")
	if list, err := b.Versions(b.ctx, "a", model.Page{}); err != nil || len(list.Items) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
