//go:build unix

package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// residents are the names that endpoints of a box may have.
var residents = []string{"e0", "e1", "e2"}

const answerInC = `#include "edge_gateway_sdk.h"
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text("version-0000"));
}
EG_HANDLER("answer", "1.0");
EG_ENTRY(answer);
`

// compiled is the library of which those that are uploaded differ in what they
// answer only.
var compiled = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "answer-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "answer.c"), []byte(answerInC), 0o600); err != nil {
		return nil, err
	}
	library := filepath.Join(dir, "answer.so")
	if out, err := exec.Command(binary, "build", dir, "-o", library, "--data", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(library)
})

func (b *box) library(text string) []byte {
	b.Helper()
	library, err := compiled()
	if err != nil {
		b.Fatal(err)
	}
	made := bytes.ReplaceAll(library, []byte("version-0000"), []byte(text))
	if !bytes.Contains(made, []byte(text)) {
		b.Fatal("the library does not have its answer in it")
	}
	return made
}

// next is a text that was not there before.
func (b *box) next(kind string) string {
	b.number++
	return fmt.Sprintf("%s-%04d", kind, b.number)
}

// change asks for a change. While it is under way there may be the world as it
// was, or any of next; once it is acknowledged, one of next. It is not
// acknowledged where the process died.
func (b *box) change(method, path, kind string, body []byte, next ...world) (answer []byte, acknowledged bool) {
	b.Helper()
	b.maybe(append([]world{b.world()}, next...)...)
	status, answer, err := b.ask(method, "/api/v1"+path, kind, body)
	if err != nil {
		b.died()
		return nil, false
	}
	if b.mayRefuse && status/100 != 2 {
		return nil, false
	}
	if status/100 != 2 {
		b.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	b.maybe(next...)
	return answer, true
}

// asked is a change with a JSON body, or none.
func (b *box) asked(method, path string, body any, next ...world) (answer []byte, acknowledged bool) {
	b.Helper()
	if body == nil {
		return b.change(method, path, "", nil, next...)
	}
	text, err := json.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	return b.change(method, path, jsonBody, text, next...)
}

func (b *box) createEndpoint(name string) bool {
	b.Helper()
	_, ok := b.asked("POST", "/endpoints", map[string]any{"name": name, "path": "/" + name}, b.world().with(func(w *world) {
		w.Endpoints[name] = &resident{Versions: map[string]bool{}}
		w.Last = "endpoint.create endpoint/" + name
	}))
	return ok
}

func (b *box) deleteEndpoint(name string) bool {
	b.Helper()
	_, ok := b.asked("DELETE", "/endpoints/"+name, nil, b.world().with(func(w *world) {
		delete(w.Endpoints, name)
		w.Last = "endpoint.delete endpoint/" + name
	}))
	return ok
}

func (b *box) upload(name, text string) bool {
	b.Helper()
	answer, ok := b.change("POST", "/endpoints/"+name+"/versions", bytesBody, b.library(text), b.world().with(func(w *world) {
		w.Endpoints[name].Versions[text] = true
		w.Last = "version.upload endpoint/" + name
	}))
	if ok {
		var v model.Version
		b.must(json.Unmarshal(answer, &v))
		b.texts[v.Digest] = text
	}
	return ok
}

func (b *box) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *box) deleteVersion(name, text string) bool {
	b.Helper()
	_, ok := b.asked("DELETE", "/endpoints/"+name+"/versions/"+b.digest(text), nil, b.world().with(func(w *world) {
		delete(w.Endpoints[name].Versions, text)
		w.Last = "version.delete endpoint/" + name
	}))
	return ok
}

func (b *box) putSource(name, text string) bool {
	b.Helper()
	content := strings.ReplaceAll(answerInC, "version-0000", text)
	_, ok := b.change("PUT", "/endpoints/"+name+"/source?filename=answer.c", bytesBody, []byte(content), b.world().with(func(w *world) {
		w.Endpoints[name].Source = text
		w.Last = "source.put endpoint/" + name
	}))
	return ok
}

// switched makes an endpoint of a world serve another version.
func switched(w *world, name, action, to string) {
	e := w.Endpoints[name]
	if e.Canary != "" && e.Canary != to {
		e.History = append(e.History, entry("abort", e.Canary, e.Current))
	}
	if e.Current != to {
		e.History = append(e.History, entry(action, e.Current, to))
	}
	e.Current, e.Canary = to, ""
	w.Last = "endpoint." + action + " endpoint/" + name
}

func (b *box) deploy(name, text string) bool {
	b.Helper()
	_, ok := b.asked("POST", "/endpoints/"+name+"/deploy", map[string]any{"version": b.digest(text)}, b.world().with(func(w *world) {
		switched(w, name, "deploy", text)
	}))
	return ok
}

func (b *box) undeploy(name string) bool {
	b.Helper()
	_, ok := b.asked("POST", "/endpoints/"+name+"/undeploy", nil, b.world().with(func(w *world) { switched(w, name, "undeploy", "") }))
	return ok
}

func (b *box) rollback(name string) bool {
	b.Helper()
	_, ok := b.asked("POST", "/endpoints/"+name+"/rollback", nil, b.world().with(func(w *world) {
		switched(w, name, "rollback", w.Endpoints[name].before())
	}))
	return ok
}

// before is the version that a rollback leads to.
func (e *resident) before() string {
	var line []string
	for _, one := range e.History {
		words := strings.Fields(one)
		switch to := words[len(words)-1]; words[0] {
		case "deploy", "promote":
			line = append(line, to)
		case "rollback":
			for len(line) > 0 && line[len(line)-1] != to {
				line = line[:len(line)-1]
			}
			if len(line) == 0 {
				line = []string{to}
			}
		}
	}
	if n := len(line); n > 0 && line[n-1] == e.Current {
		line = line[:n-1]
	}
	for _, text := range slices.Backward(line) {
		if text != e.Current && e.Versions[text] {
			return text
		}
	}
	return ""
}

func (b *box) canary(name, text string) bool {
	b.Helper()
	body := map[string]any{"version": b.digest(text), "canary": map[string]any{"weight": 50}}
	_, ok := b.asked("POST", "/endpoints/"+name+"/deploy", body, b.world().with(func(w *world) {
		e := w.Endpoints[name]
		e.Canary = text
		e.History = append(e.History, entry("canary", e.Current, text))
		w.Last = "endpoint.canary endpoint/" + name
	}))
	return ok
}

// endCanary promotes or aborts.
func (b *box) endCanary(name, action string) bool {
	b.Helper()
	_, ok := b.asked("POST", "/endpoints/"+name+"/canary/"+action, nil, b.world().with(func(w *world) {
		e := w.Endpoints[name]
		from, to := e.Current, e.Canary
		if action == "abort" {
			from, to = to, from
		}
		e.History = append(e.History, entry(action, from, to))
		e.Current, e.Canary = to, ""
		w.Last = "endpoint." + action + " endpoint/" + name
	}))
	return ok
}

// service is one of which the secret is sealed, and whose backend is not there.
func service(name string, workers int) map[string]any {
	return map[string]any{
		"name": name, "kind": "cache", "driver": "redis", "inactive": true, "workers": workers,
		"options": map[string]any{"address": "127.0.0.1:1", "password": fmt.Sprint("secret of ", workers)},
	}
}

func (b *box) putService(name string, workers int) bool {
	b.Helper()
	method, path, action := "POST", "/services", "create"
	if b.world().Services[name] != 0 {
		method, path, action = "PUT", "/services/"+name, "update"
	}
	_, ok := b.asked(method, path, service(name, workers), b.world().with(func(w *world) {
		w.Services[name] = workers
		w.Last = "service." + action + " service/" + name
	}))
	return ok
}

func (b *box) deleteService(name string) bool {
	b.Helper()
	_, ok := b.asked("DELETE", "/services/"+name, nil, b.world().with(func(w *world) {
		delete(w.Services, name)
		w.Last = "service.delete service/" + name
	}))
	return ok
}

func (b *box) createKey(name string) bool {
	b.Helper()
	delete(b.tokens, name)
	answer, ok := b.asked("POST", "/keys", map[string]any{"name": name, "scope": "read"}, b.world().with(func(w *world) {
		w.Keys[name] = true
		w.Last = "key.create key/" + name
	}))
	if ok {
		var made model.NewKey
		b.must(json.Unmarshal(answer, &made))
		b.tokens[name] = made.Token
	}
	return ok
}

func (b *box) deleteKey(name string) bool {
	b.Helper()
	_, ok := b.asked("DELETE", "/keys/"+name, nil, b.world().with(func(w *world) {
		delete(w.Keys, name)
		w.Last = "key.delete key/" + name
	}))
	return ok
}

// applyBundle makes endpoints of libraries, all of them or none.
func (b *box) applyBundle(texts map[string]string) bool {
	b.Helper()
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	add := func(name string, content []byte) {
		b.must(archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}))
		_, err := archive.Write(content)
		b.must(err)
	}
	config := ""
	names := slices.Sorted(maps.Keys(texts))
	for _, name := range names {
		config += fmt.Sprintf("[[endpoint]]\nname = %q\npath = \"/%s\"\nlibrary = \"%s.so\"\n", name, name, name)
		add(name+".so", b.library(texts[name]))
	}
	add("edge-gateway.toml", []byte(config))
	b.must(archive.Close())
	_, ok := b.change("POST", "/bundles", tarBody, packed.Bytes(), b.world().with(func(w *world) {
		for _, name := range names {
			w.Endpoints[name] = &resident{
				Current: texts[name], Versions: map[string]bool{texts[name]: true}, History: []string{entry("deploy", "", texts[name])},
			}
		}
		w.Last = "bundle.apply bundle"
	}))
	return ok
}
