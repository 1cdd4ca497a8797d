//go:build unix

package main

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// buildsKept is how many builds of an endpoint are remembered after they ended.
const buildsKept = 50

// build has the source of an endpoint built, and deployed if that is said, and
// waits for the end.
func (b *box) build(name string, deploy bool) bool {
	b.Helper()
	before := b.world()
	text := before.Endpoints[name].Source
	ends := buildEnds(before, name, text, deploy)
	answer, ok := b.asked("POST", "/endpoints/"+name+"/builds", model.BuildRequest{Deploy: deploy}, ends...)
	if !ok {
		return false
	}
	var made model.Build
	b.must(json.Unmarshal(answer, &made))
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		status, answer, err := b.ask("GET", "/api/v1/builds/"+made.ID, "", nil)
		if err != nil {
			b.died()
			return false
		}
		b.must(json.Unmarshal(answer, &made))
		if status != 200 {
			b.Fatalf("build %s: %d %s", made.ID, status, answer)
		}
		if !made.State.Final() {
			continue
		}
		if made.Error != "" {
			b.Fatalf("build %s: %s", made.ID, made.Error)
		}
		b.texts[made.Version] = text
		b.maybe(ends[len(ends)-1])
		return true
	}
	b.Fatalf("build %s does not end", made.ID)
	return false
}

// buildEnds are all that may have become of a build when no process is at it
// any more; the last is what is to become of it. One that ran when the process
// was killed has failed, however far it was.
func buildEnds(before world, name, text string, deploy bool) []world {
	ended := func(how string, change func(*world)) world {
		return before.with(func(w *world) {
			w.Builds[name] = append(remembered(w.Builds[name]), how)
			w.Last = "build.queue endpoint/" + name
			change(w)
		})
	}
	kept := func(w *world) { w.Endpoints[name].Versions[text] = true }
	deployed := func(w *world) {
		kept(w)
		switched(w, name, "deploy", text)
	}
	all := []world{
		ended("failed", func(*world) {}),
		ended("failed "+text, kept),
	}
	last := kept
	if deploy {
		all = append(all, ended("failed "+text, deployed))
		last = deployed
	}
	return append(all, ended("succeeded "+text, last))
}

// remembered are those builds that are not forgotten when one more is queued.
func remembered(builds []string) []string {
	return slices.Clone(builds[max(0, len(builds)-buildsKept):])
}
