package state_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/artifact"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// childVariable has the directory in which a child process is to make changes;
// it tells each on its standard output when it has been acknowledged.
const (
	childVariable   = "EDGE_GATEWAY_TEST_STATE_CHILD"
	changesVariable = "EDGE_GATEWAY_TEST_STATE_CHANGES" // to make
)

func TestMain(m *testing.M) {
	dir := os.Getenv(childVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	changes, err := strconv.Atoi(os.Getenv(changesVariable))
	if err == nil {
		err = live(dir, changes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func live(dir string, changes int) error {
	artifacts, err := artifact.Open(dir)
	if err != nil {
		return err
	}
	s, err := state.Open(context.Background(), dir)
	if err != nil {
		return err
	}
	last, err := lastChange(s)
	if err != nil {
		return err
	}
	for n := last + 1; n <= last+int64(changes); n++ {
		if err := makeChange(artifacts, s, n); err != nil {
			return fmt.Errorf("change %d: %w", n, err)
		}
		fmt.Printf("ack %d\n", n) // in one write: what has been told is told
	}
	return s.Close()
}

// lastChange is the number of the last one that is in the state.
func lastChange(s *state.Store) (n int64, err error) {
	return n, s.View(context.Background(), func(tx *state.Tx) error {
		e, err := tx.Endpoint("a")
		n = e.Revision
		if problem := new(model.Error); errors.As(err, &problem) && problem.Kind == model.Missing {
			return nil
		}
		return err
	})
}

// How many things of a kind are kept, and what they are in change n.
const (
	keptVersions = 10
	keptOthers   = 3
	keptBuilds   = 5
	keptAudit    = 7
)

func library(n int64) string { return strings.Repeat(fmt.Sprintf("library %d ", n), 200) }
func source(n int64) string  { return strings.Repeat(fmt.Sprintf("source %d ", n), 200) }
func other(n int64) string   { return fmt.Sprintf("other-%d", n) }

func sha(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// makeChange touches every table, so that half of it would show.
func makeChange(artifacts *artifact.Store, s *state.Store, n int64) error {
	lib, err := artifacts.PutLibrary(strings.NewReader(library(n)), 1<<20)
	if err != nil {
		return err
	}
	src, err := artifacts.PutSource(strings.NewReader(source(n)), 1<<20)
	if err != nil {
		return err
	}
	return s.Update(context.Background(), func(tx *state.Tx) error {
		id := strconv.FormatInt(n, 10)
		e := endpoint("a")
		e.Revision, e.Version = n, lib.Digest
		putEndpoint, putService, putKey := tx.PutEndpoint, tx.PutService, tx.PutKey
		if n == 1 {
			putEndpoint, putService, putKey = tx.CreateEndpoint, tx.CreateService, tx.CreateKey
		}
		db := state.Service{Secrets: map[string]string{"password": "secret " + id}}
		db.Name, db.Kind, db.Revision = "db", "sql", n
		key := state.Key{Hash: sha256.Sum256([]byte(id))}
		key.Name, key.Scope = "ci", model.ScopeDeploy
		_, err := tx.AddDeploy(model.Deploy{Endpoint: "a", Action: "deploy", New: lib.Digest})
		err = errors.Join(err,
			putEndpoint(e), putService(db), putKey(key),
			tx.PutVersion(model.Version{Endpoint: "a", Digest: lib.Digest, Source: src.Digest, Build: id}),
			tx.PutSource("a", model.Source{Digest: src.Digest}),
			tx.PutBuild(model.Build{ID: id, Endpoint: "a", State: model.BuildSucceeded, Source: src.Digest}),
			tx.AddAudit(model.AuditEntry{By: "ci", Action: "endpoint.deploy", Target: "endpoint/a", Detail: id}),
			tx.PutAnswer("ci", id, state.Answer{Answer: []byte(id)}),
			tx.CreateEndpoint(endpoint(other(n))),
			tx.PutVersion(model.Version{Endpoint: other(n), Digest: lib.Digest}),
			tx.PruneAudit(keptAudit))
		if _, pruneErr := tx.PruneBuilds("a", keptBuilds); err == nil {
			err = pruneErr
		}
		if n > keptOthers && err == nil {
			err = tx.DeleteEndpoint(other(n - keptOthers))
		}
		if n > keptVersions && err == nil {
			err = tx.DeleteVersion("a", sha(library(n-keptVersions)))
		}
		return err
	})
}

// checkChanges tells whether a state holds all changes up to one, and nothing
// of others.
func checkChanges(t *testing.T, dir string, acknowledged int64) (last int64) {
	t.Helper()
	artifacts, err := artifact.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatalf("after change %d: %v", acknowledged, err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if last, err = lastChange(s); err != nil {
		t.Fatal(err)
	}
	if last < acknowledged || last > acknowledged+1 {
		t.Errorf("change %d was acknowledged, and the last that is there is %d", acknowledged, last)
	}
	view(t, s, func(tx *state.Tx) error {
		libraries, sources, err := tx.Digests()
		if err != nil || last == 0 {
			return err
		}
		checkTables(t, tx, last)
		for n := max(1, last-keptVersions+1); n <= last; n++ {
			if !libraries[sha(library(n))] || !sources[sha(source(n))] {
				t.Errorf("the files of change %d are not referred to", n)
			}
			lib, err := artifacts.Library(sha(library(n)))
			src, err2 := artifacts.Source(sha(source(n)))
			if err := errors.Join(err, err2); err != nil {
				t.Errorf("of change %d: %v", n, err)
				continue
			}
			for path, content := range map[string]string{lib.Path: library(n), src.Path: source(n)} {
				if got, err := os.ReadFile(path); err != nil || string(got) != content {
					t.Errorf("%s has %d bytes that are not what was put there, %v", path, len(got), err)
				}
			}
		}
		return nil
	})
	for name := range contents(t, dir+"/versions") {
		if strings.HasPrefix(name, "upload-") {
			t.Errorf("%s is left", name)
		}
	}
	return last
}

func checkTables(t *testing.T, tx *state.Tx, last int64) {
	t.Helper()
	id := strconv.FormatInt(last, 10)
	e, err := tx.Endpoint("a")
	versions, err2 := tx.Versions("a")
	deploys, err3 := tx.Deploys("a", model.Page{Limit: 1})
	src, err4 := tx.Source("a")
	builds, err5 := tx.Builds(model.BuildFilter{Endpoint: "a"}, model.Page{})
	audit, err6 := tx.Audit(model.AuditFilter{Action: "endpoint"}, model.Page{})
	db, err7 := tx.Service("db")
	keys, err8 := tx.Keys()
	answer, found, err9 := tx.Answer("ci", id)
	_, next, err10 := tx.Answer("ci", strconv.FormatInt(last+1, 10))
	if err := errors.Join(err, err2, err3, err4, err5, err6, err7, err8, err9, err10); err != nil {
		t.Fatalf("change %d: %v", last, err)
	}
	kept := func(n int) int { return int(min(last, int64(n))) }
	for what, is := range map[string]bool{
		"endpoint": e.Version == sha(library(last)),
		"versions": len(versions) == kept(keptVersions) && versions[0].Build == id && versions[0].Current,
		"deploys":  len(deploys.Items) == 1 && deploys.Items[0].New == sha(library(last)) && deploys.Items[0].ID >= last,
		"source":   src.Digest == sha(source(last)),
		"builds":   len(builds.Items) >= kept(keptBuilds) && builds.Items[0].ID == id,
		"audit":    len(audit.Items) >= kept(keptAudit) && audit.Items[0].Detail == id,
		"service":  db.Revision == last && db.Secrets["password"] == "secret "+id,
		"key":      len(keys) >= 1 && keys[0].Hash == sha256.Sum256([]byte(id)),
		"answer":   found && string(answer.Answer) == id && !next,
	} {
		if !is {
			t.Errorf("there is half of change %d: %s", last, what)
		}
	}
	for n := max(1, last-keptOthers); n <= last+1; n++ {
		v, err := tx.Versions(other(n))
		_, missing := tx.Endpoint(other(n))
		if there := n > last-keptOthers && n <= last; err != nil || (missing == nil) != there || (len(v) == 1) != there {
			t.Errorf("there is half of change %d: %s", last, other(n))
		}
	}
}
