//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// world is all that a box holds, with versions named by what they answer.
type world struct {
	Endpoints map[string]*resident
	Builds    map[string][]string // by endpoint, the oldest first: how they ended, and of what version
	Services  map[string]int      // with their workers
	Keys      map[string]bool
	Last      string // what the audit tells last: "endpoint.create endpoint/e0"
}

// resident is an endpoint.
type resident struct {
	Current, Canary string
	Versions        map[string]bool
	History         []string // "deploy version-01 version-02", the oldest first
	Source          string
}

func emptyWorld() world {
	return world{
		Endpoints: map[string]*resident{}, Builds: map[string][]string{}, Services: map[string]int{},
		Keys: map[string]bool{"first": true}, Last: "key.create key/first",
	}
}

// with is a world with a change made to it.
func (w world) with(change func(*world)) world {
	text, err := json.Marshal(w)
	next := emptyWorld()
	if err == nil {
		delete(next.Keys, "first")
		err = json.Unmarshal(text, &next)
	}
	if err != nil {
		panic(err)
	}
	change(&next)
	return next
}

func (w world) String() string {
	text, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// reply is what an endpoint answers: a text, or a status that is not 200.
type reply string

// answersOf are what the endpoints may answer in some worlds, each in one
// string.
func answersOf(worlds []world) map[string]reply {
	all := map[string]reply{}
	for _, name := range residents {
		for _, w := range worlds {
			all[name] += reply(" " + strings.Join(w.answersOf(name), " "))
		}
	}
	return all
}

func (w world) answersOf(name string) []string {
	e := w.Endpoints[name]
	switch {
	case e == nil:
		return []string{"404"}
	case e.Current == "":
		return []string{"503"}
	case e.Canary == "":
		return []string{e.Current}
	}
	return []string{e.Current, e.Canary}
}

// maybe says that from now on there is one of some worlds.
func (b *box) maybe(worlds ...world) {
	b.possible = worlds
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers = append(b.answers, answersOf(worlds))
}

// world is what there is, when nothing is under way.
func (b *box) world() world {
	b.Helper()
	if len(b.possible) != 1 {
		b.Fatalf("there may be %d worlds", len(b.possible))
	}
	return b.possible[0]
}

// settle checks what there is after a start, and that it is one of the worlds
// that may be.
func (b *box) settle() {
	b.Helper()
	var ready model.Readiness
	b.decode("/readyz", &ready)
	if !ready.Ready {
		b.Fatalf("it is not ready: %+v", ready)
	}
	b.buildsEnd()
	is := b.read()
	if !slices.ContainsFunc(b.possible, func(w world) bool { return w.String() == is.String() }) {
		text := ""
		for _, w := range b.possible {
			text += fmt.Sprintf("or %s\n", w)
		}
		b.Fatalf("there is %s\nwhat may be is\n%s", is, strings.TrimPrefix(text, "or "))
	}
	b.maybe(is)
	b.checkAnswers()
	b.checkTokens()
	b.checkFiles()
}

// buildsEnd waits until no build is under way.
func (b *box) buildsEnd() {
	b.Helper()
	within(b.T, time.Minute, "builds end", func() bool {
		var queued, runs model.List[model.Build]
		b.decode("/api/v1/builds?state=queued", &queued)
		b.decode("/api/v1/builds?state=running", &runs)
		return len(queued.Items)+len(runs.Items) == 0
	})
}

func (b *box) decode(path string, v any) {
	b.Helper()
	text := b.fetch(path)
	if err := json.Unmarshal(text, v); err != nil {
		b.Fatalf("%s: %v in %s", path, err, text)
	}
}

// items reads all pages of a list.
func items[T any](b *box, path string) (all []T) {
	b.Helper()
	for query := "?limit=100"; ; {
		var list model.List[T]
		b.decode(path+query, &list)
		all = append(all, list.Items...)
		if list.Next == "" {
			return all
		}
		query = "?limit=100&after=" + list.Next
	}
}

// read reads all that there is by way of the admin API.
func (b *box) read() world {
	b.Helper()
	w := emptyWorld()
	delete(w.Keys, "first")
	for _, e := range items[model.Endpoint](b, "/api/v1/endpoints") {
		w.Endpoints[e.Name] = b.readEndpoint(e)
	}
	for _, build := range items[model.Build](b, "/api/v1/builds") {
		how := string(build.State)
		if build.Version != "" {
			how += " " + b.text(build.Endpoint, build.Version)
		}
		w.Builds[build.Endpoint] = append([]string{how}, w.Builds[build.Endpoint]...)
		b.fetch("/api/v1/builds/" + build.ID + "/log")
	}
	for _, s := range items[model.Service](b, "/api/v1/services") {
		w.Services[s.Name] = s.Workers
	}
	for _, k := range items[model.Key](b, "/api/v1/keys") {
		w.Keys[k.Name] = true
	}
	var audit model.List[model.AuditEntry]
	b.decode("/api/v1/audit?limit=100", &audit)
	w.Last = ""
	for _, one := range audit.Items {
		if w.Last == "" && one.Outcome == "done" {
			w.Last = one.Action + " " + one.Target
		}
	}
	return w
}

func (b *box) readEndpoint(e model.Endpoint) *resident {
	b.Helper()
	path := "/api/v1/endpoints/" + e.Name
	r := &resident{Versions: map[string]bool{}}
	for _, v := range items[model.Version](b, path+"/versions") {
		library := b.fetch(path + "/versions/" + v.Digest + "/library")
		if sum := sha256.Sum256(library); hex.EncodeToString(sum[:]) != v.Digest || int64(len(library)) != v.Size {
			b.Errorf("version %s of %s has %d bytes that are not those of its digest", v.Digest, e.Name, len(library))
		}
		b.texts[v.Digest] = textIn(library)
		r.Versions[b.texts[v.Digest]] = true
	}
	r.Current = b.text(e.Name, e.Version)
	if e.Canary != nil {
		r.Canary = b.text(e.Name, e.Canary.Version)
	}
	for _, d := range items[model.Deploy](b, path+"/deploys") {
		r.History = append([]string{entry(d.Action, b.text(e.Name, d.Old), b.text(e.Name, d.New))}, r.History...)
	}
	status, tree, err := b.ask("GET", path+"/source", "", nil)
	switch {
	case err != nil:
		b.Fatal(err)
	case status == 200:
		r.Source = textIn(tree)
	case status != 404:
		b.Errorf("the source of %s: %d %s", e.Name, status, tree)
	}
	return r
}

func entry(action, from, to string) string {
	return strings.Join(strings.Fields(strings.Join([]string{action, from, to}, " ")), " ")
}

// text is what a version answers. One that was deleted is known from before.
func (b *box) text(endpoint, digest string) string {
	b.Helper()
	if digest != "" && b.texts[digest] == "" {
		b.Errorf("version %s of %s is told of and not there", digest, endpoint)
	}
	return b.texts[digest]
}

// digest finds the version of an endpoint that answers a text.
func (b *box) digest(text string) string {
	for digest, known := range b.texts {
		if known == text {
			return digest
		}
	}
	// It came in a bundle, and was not asked for since.
	sum := sha256.Sum256(b.library(text))
	digest := hex.EncodeToString(sum[:])
	b.texts[digest] = text
	return digest
}

var marked = regexp.MustCompile(`(version|source)-[0-9]{4}`)

// textIn is the answer that a library or a source has in it.
func textIn(content []byte) string { return string(bytes.Clone(marked.Find(content))) }
