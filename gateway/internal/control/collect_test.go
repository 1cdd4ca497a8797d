package control

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// age makes all artifacts older than what is being put to use.
func (b *box) age() {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "*", "????????????????????????????????????????????????????????????????.*"))
	must(b.t, err)
	past := time.Now().Add(-24 * time.Hour)
	for _, file := range files {
		if err := os.Chtimes(file, past, past); !errors.Is(err, fs.ErrNotExist) { // collected meanwhile
			must(b.t, err)
		}
	}
}

func (b *box) has(digest string) bool {
	_, err := b.artifacts.Library(digest)
	return err == nil
}

func TestOnlyWhatNothingRefersToIsCollected(t *testing.T) {
	b := open(t, "")
	current := b.live("a", "/a", "marker-0001")
	other, unused := b.upload("a", "marker-0002"), b.upload("a", "marker-0003")
	file := filepath.Join(t.TempDir(), "file.so")
	writeFile(t, file, version(t, "marker-file"))
	must(t, b.Declare(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{{Name: "f", Path: "/f", Library: file}}}))
	declared, err := b.Endpoint(b.ctx, "f")
	must(t, err)
	put, err := b.PutSource(b.ctx, "a", tarOf(t, source("from-source")), "")
	must(t, err)
	must(t, b.DeleteVersion(b.ctx, "a", unused))
	b.age()
	must(t, b.collect(b.ctx))
	for digest, want := range map[string]bool{current: true, other: true, unused: false, declared.Version: true} {
		if b.has(digest) != want {
			t.Errorf("version %s: there is %v, want %v", short(digest), b.has(digest), want)
		}
	}
	if _, err := b.artifacts.Source(put.Digest); err != nil {
		t.Error(err)
	}
	must(t, b.DeleteEndpoint(b.ctx, "a", 0))
	b.age()
	must(t, b.collect(b.ctx))
	if b.has(other) {
		t.Error("a version of a deleted endpoint is there")
	}
	if _, err := b.artifacts.Source(put.Digest); err == nil {
		t.Error("the source of a deleted endpoint is there")
	}
	b.serves("/f", 200, "marker-file")
}

func TestOldVersionsGoWhenTheBudgetIsUsedUp(t *testing.T) {
	size := int64(len(version(t, marker)))
	b := open(t, "", func(o *Options) { o.ArtifactBudget, o.versionGrace = 6*size+size/2, 1 })
	b.create("a", "/a")
	var all []string
	for _, text := range []string{"marker-0001", "marker-0002", "marker-0003", "marker-0004", "marker-0005", "marker-0006", "marker-0007", "marker-0008"} {
		all = append(all, b.upload("a", text))
	}
	for _, digest := range all[:6] {
		b.deploy("a", digest)
	}
	_, err := b.canary("a", all[7], model.CanaryRequest{Weight: 1})
	must(t, err)
	b.age()
	must(t, b.collect(b.ctx))
	// Deployed last were 1 to 5, 7 is a canary; 0 and 6 are nobody's.
	for i, digest := range all {
		_, err := b.version(b.ctx, "a", digest)
		if want := i != 0 && i != 6; (err == nil) != want || b.has(digest) != want {
			t.Errorf("version %d: %v, there is %v, want %v", i, err, b.has(digest), want)
		}
	}
	var problem *model.Error
	if _, err := b.Deploy(b.ctx, "a", model.DeployRequest{Version: all[0]}); !errors.As(err, &problem) || problem.Kind != model.Missing {
		t.Errorf("a version that was forgotten: %v", err)
	}
}

func TestTheOverviewHasTheFigures(t *testing.T) {
	b := open(t, "", func(o *Options) { o.Program, o.Address = "1.2.3", "127.0.0.1:1" })
	b.live("a", "/a", "marker-0001")
	b.live("bad", "/bad", "5arker-0002")
	b.create("none", "/none")
	for range 20 {
		b.serves("/a", 200, "")
	}
	b.serves("/bad", 500, "")
	b.serves("/none", 503, "")
	o, err := b.Overview(b.ctx)
	must(t, err)
	if o.Version != "1.2.3" || o.Address != "127.0.0.1:1" || !o.Ready || o.Started.IsZero() || len(o.Endpoints) != 3 || o.Services == nil {
		t.Errorf("%+v", o)
	}
	a, bad, none := o.Endpoints[0], o.Endpoints[1], o.Endpoints[2]
	if a.State != "serving" || a.Requests != 20 || a.Errors != 0 || a.P50 <= 0 || a.P99 < a.P50 || a.Route != "every method /a" {
		t.Errorf("%+v", a)
	}
	if bad.Requests != 1 || bad.Errors != 1 {
		t.Errorf("%+v", bad)
	}
	if none.State != "no version" || none.Errors != 1 {
		t.Errorf("%+v", none)
	}
}
