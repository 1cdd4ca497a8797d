package control

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// A child opens a control plane in childDir and goes through a round of
// changes, over and over: it tells each before it asks for it and once it is
// acknowledged, and is killed in between. childLibraries has its versions.
const (
	childDir       = "EDGE_GATEWAY_TEST_CHILD_OF"
	childLibraries = "EDGE_GATEWAY_TEST_LIBRARIES"
)

// step is what a child tells: the change, and what the endpoint is by then.
type step struct {
	Change  string
	Done    bool
	Exists  bool
	Version string // deployed
	Has     []string
}

// runChild is the child. It does not return.
func runChild(dir, libraries string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log := slog.New(slog.DiscardHandler)
	g, err := gateway.New(gateway.Options{Dir: dir, Log: log})
	if err != nil {
		fail(err)
	}
	c, err := Open(context.Background(), Options{Dir: dir, Worker: g, Log: log, Toolchain: builder})
	if err != nil {
		fail(err)
	}
	var data [2][]byte
	for i := range data {
		if data[i], err = os.ReadFile(filepath.Join(libraries, fmt.Sprint(i))); err != nil {
			fail(err)
		}
	}
	out := json.NewEncoder(os.Stdout)
	now := step{}
	do := func(change string, then func(*step), f func(context.Context) error) {
		next := now
		next.Has = slices.Clone(now.Has)
		next.Change, next.Done = change, false
		then(&next)
		_ = out.Encode(next)
		if err := f(context.Background()); err != nil {
			fail(fmt.Errorf("%s: %w", change, err))
		}
		next.Done = true
		_ = out.Encode(next)
		now = next
	}
	if _, err := c.Endpoint(context.Background(), "a"); err == nil {
		do("delete", func(s *step) { *s = step{Change: s.Change} }, func(ctx context.Context) error { return c.DeleteEndpoint(ctx, "a", 0) })
	}
	for {
		do("create", func(s *step) { s.Exists = true }, func(ctx context.Context) error {
			_, err := c.CreateEndpoint(ctx, model.EndpointSpec{Name: "a", Path: "/a"})
			return err
		})
		for i := range data {
			digest := fmt.Sprintf("%x", sha256.Sum256(data[i]))
			do("upload", func(s *step) { s.Has = append(s.Has, digest) }, func(ctx context.Context) error {
				_, err := c.Upload(ctx, "a", bytes.NewReader(data[i]), digest)
				return err
			})
			do("deploy", func(s *step) { s.Version = digest }, func(ctx context.Context) error {
				_, err := c.Deploy(ctx, "a", model.DeployRequest{Version: digest})
				return err
			})
		}
		do("rollback", func(s *step) { s.Version = s.Has[0] }, func(ctx context.Context) error {
			_, err := c.Rollback(ctx, "a")
			return err
		})
		do("source", func(*step) {}, func(ctx context.Context) error {
			_, err := c.PutSource(ctx, "a", strings.NewReader(handlerInC), "main.c")
			return err
		})
		do("delete", func(s *step) { *s = step{Change: s.Change} }, func(ctx context.Context) error { return c.DeleteEndpoint(ctx, "a", 0) })
	}
}

// child runs until it is killed, or has told more lines than it may.
func child(t *testing.T, dir, libraries string, most int, env ...string) (told []step) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(append(os.Environ(), childDir+"="+dir, childLibraries+"="+libraries), env...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var s step
		must(t, json.Unmarshal(lines.Bytes(), &s))
		if told = append(told, s); len(told) == most {
			time.Sleep(rand.N(15 * time.Millisecond)) // any moment will do
			_ = cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("it was not killed: %v\n%s", err, complaint.String())
	}
	return told
}

// checkKilled opens what a child has left. before is what was acknowledged
// before this child.
func checkKilled(t *testing.T, dir string, before step, told []step) step {
	t.Helper()
	acknowledged, asked := before, before
	for _, s := range told {
		if asked = s; s.Done {
			acknowledged = s
		}
	}
	b := open(t, dir)
	defer b.stop()
	var is step
	e, err := b.Endpoint(b.ctx, "a")
	var problem *model.Error
	switch {
	case err == nil:
		is.Exists, is.Version = true, e.Version
		list, err := b.Versions(b.ctx, "a", model.Page{})
		must(t, err)
		for _, v := range slices.Backward(list.Items) {
			is.Has = append(is.Has, v.Digest)
			if _, err := b.artifacts.Library(v.Digest); err != nil {
				t.Errorf("version %s is known and not there: %v", short(v.Digest), err)
			}
		}
		if e.Fault != "" {
			t.Errorf("the endpoint has a fault: %s", e.Fault)
		}
		status, _ := b.get("/a")
		if (e.Version == "") != (status == 503) || e.Version != "" && status != 200 {
			t.Errorf("version %q answers %d", short(e.Version), status)
		}
	case errors.As(err, &problem) && problem.Kind == model.Missing:
		if status, _ := b.get("/a"); status != 404 {
			t.Errorf("no endpoint answers %d", status)
		}
	default:
		t.Fatal(err)
	}
	same := func(s step) bool {
		return is.Exists == s.Exists && is.Version == s.Version && slices.Equal(is.Has, s.Has)
	}
	if !same(acknowledged) && !same(asked) {
		t.Errorf("there is %+v\nacknowledged was %+v\nasked for was     %+v", is, acknowledged, asked)
	}
	if ready := b.Ready(b.ctx); !ready.Ready {
		t.Errorf("not ready: %+v", ready)
	}
	return is
}

// twoVersions puts the libraries of children into a folder.
func twoVersions(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 2 {
		writeFile(t, filepath.Join(dir, fmt.Sprint(i)), version(t, fmt.Sprintf("marker-000%d", i)))
	}
	return dir
}

// Wherever the process is killed, what was acknowledged is there, the change
// under way is there whole or not at all, and it is served.
func TestKilledAtEveryStepOfAChange(t *testing.T) {
	libraries := twoVersions(t)
	times := map[string][]int{
		"artifact.written": {1, 2}, "artifact.synced": {1, 2}, "artifact.renamed": {1, 2}, "artifact.kept": {1, 2},
		"change.served": {1, 2, 3, 4, 5}, "state.written": {2, 3, 4, 5, 6, 7, 8, 9, 10}, "state.committed": {2, 3, 4, 5, 6, 7, 8, 9, 10},
	}
	for _, s := range slices.Concat(failpoint.Control, failpoint.Change) {
		for _, n := range times[s] {
			t.Run(fmt.Sprintf("%s:%d", s, n), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				told := child(t, dir, libraries, 1000, fmt.Sprintf("%s=%s:%d", failpoint.Variable, s, n))
				checkKilled(t, dir, step{}, told)
			})
		}
	}
}

func TestKilledAtRandomInAChange(t *testing.T) {
	libraries := twoVersions(t)
	rounds := 12
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
		rounds = 200
	}
	dir := t.TempDir()
	var last step
	for range rounds {
		last = checkKilled(t, dir, last, child(t, dir, libraries, 1+rand.IntN(20)))
		if t.Failed() {
			return
		}
	}
}
