package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// oldState is one of schema 1, all of it in the log still, as after a crash.
func oldState(t *testing.T) (dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "schema1.sql"))
	if err != nil {
		t.Fatal(err)
	}
	made, dir := t.TempDir(), t.TempDir()
	db, err := sqlite3.Open(filepath.Join(made, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec("PRAGMA journal_mode = WAL;" + string(text)); err != nil {
		t.Fatal(err)
	}
	copyState(t, made, dir)
	if err := os.WriteFile(filepath.Join(dir, "secret.key"), bytes.Repeat([]byte{0x17}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyState copies a database with its log, but not what lives in memory.
func copyState(t *testing.T, from, to string) {
	t.Helper()
	for name, content := range contents(t, from) {
		if !strings.HasSuffix(name, "-shm") {
			if err := os.WriteFile(filepath.Join(to, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(content)
	}
	return all
}

// texts are the rows that a query gives of a database.
func texts(t *testing.T, path, query string) (all []string) {
	t.Helper()
	db, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stmt, _, err := db.Prepare(query)
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for stmt.Step() {
		all = append(all, stmt.ColumnText(0))
	}
	if err := stmt.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestReleasedStepsNeverChange: what the first step makes is what the state of
// then has.
func TestReleasedStepsNeverChange(t *testing.T) {
	const schema = "SELECT sql FROM sqlite_schema ORDER BY name"
	dir := t.TempDir()
	s, err := state.OpenAt(t.Context(), dir, state.Steps[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	made, kept := texts(t, filepath.Join(dir, "state.db"), schema), texts(t, filepath.Join(oldState(t), "state.db"), schema)
	if !slices.Equal(made, kept) {
		t.Errorf("made %q\nkept %q", made, kept)
	}
}

func TestOlderStateIsMigrated(t *testing.T) {
	dir := oldState(t)
	checkMigrated(t, start(t, dir))
	backup := filepath.Join(dir, "state.db.backup-1")
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v %v", info, err)
	}
	for query, expect := range map[string][]string{
		"PRAGMA user_version":                           {"1"},
		"PRAGMA integrity_check":                        {"ok"},
		"SELECT digest FROM version ORDER BY id":        {digest(1), digest(2)},
		"SELECT name FROM pragma_table_info('version')": {"id", "endpoint", "digest", "data"},
	} {
		if got := texts(t, backup, query); !slices.Equal(got, expect) {
			t.Errorf("of the copy, %s: %q", query, got)
		}
	}
	// It is all that is needed to go back.
	again := t.TempDir()
	for from, to := range map[string]string{backup: "state.db", filepath.Join(dir, "secret.key"): "secret.key"} {
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(again, to), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	checkMigrated(t, start(t, again))
}

func checkMigrated(t *testing.T, s *state.Store) {
	t.Helper()
	view(t, s, func(tx *state.Tx) error {
		e, err := tx.Endpoint("orders")
		if !reflect.DeepEqual(e, orders()) {
			t.Errorf("%+v", e)
		}
		versions, err2 := tx.Versions("orders")
		if len(versions) != 2 || versions[1].Digest != digest(1) || !versions[1].Current || versions[1].Source != digest(13) {
			t.Errorf("%+v", versions)
		}
		libraries, sources, err3 := tx.Digests()
		if !maps.Equal(libraries, map[string]bool{digest(1): true, digest(2): true}) || !maps.Equal(sources, map[string]bool{digest(13): true, digest(14): true}) {
			t.Errorf("libraries %v, sources %v", libraries, sources)
		}
		d, err4 := tx.Service("orders-db")
		if !maps.Equal(d.Secrets, map[string]string{"password": "swordfish-hunter2"}) {
			t.Errorf("%+v", d)
		}
		source, err5 := tx.Source("orders")
		build, err6 := tx.Build("b1")
		keys, err7 := tx.Keys()
		audit, err8 := tx.Audit(model.AuditFilter{}, model.Page{})
		deploys, err9 := tx.Deploys("orders", model.Page{})
		if source.Digest != digest(14) || build.Version != digest(1) || len(keys) != 1 || keys[0].Hash != [32]byte{1, 2, 3} ||
			len(audit.Items) != 1 || !audit.Items[0].At.Equal(noon) || len(deploys.Items) != 1 || deploys.Items[0].ID != 1 {
			t.Errorf("%+v %+v %+v %+v %+v", source, build, keys, audit, deploys)
		}
		return errors.Join(err, err2, err3, err4, err5, err6, err7, err8, err9)
	})
}

func TestMigrationThatFailsLeavesTheOldState(t *testing.T) {
	dir := oldState(t)
	s, err := state.OpenAt(t.Context(), dir, append(slices.Clone(state.Steps), "CREATE TABLE good (a)", "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1)"))
	if err == nil {
		t.Fatal(s.Close())
	}
	if !strings.Contains(err.Error(), fmt.Sprintf("from schema %d to %d", len(state.Steps)+1, len(state.Steps)+2)) {
		t.Error(err)
	}
	path := filepath.Join(dir, "state.db")
	if got := texts(t, path, "PRAGMA user_version"); got[0] != fmt.Sprint(len(state.Steps)+1) { // the step before went well
		t.Errorf("schema %s", got)
	}
	if got := texts(t, path, "SELECT name FROM sqlite_schema WHERE name IN ('good', 'half')"); !slices.Equal(got, []string{"good"}) {
		t.Errorf("tables %q", got)
	}
	if got := texts(t, path+".backup-1", "PRAGMA user_version"); got[0] != "1" {
		t.Errorf("schema of the copy %s", got)
	}
}

func TestNewerStateIsLeftAlone(t *testing.T) {
	newer := t.TempDir()
	s, err := state.OpenAt(t.Context(), newer, append(slices.Clone(state.Steps), "CREATE TABLE later (a)"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	crashed := t.TempDir() // all that tells of the schema is in the log
	copyState(t, newer, crashed)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"after a crash": crashed, "closed": newer} {
		before := contents(t, dir)
		s, err := state.Open(t.Context(), dir)
		if err == nil {
			t.Errorf("%s: it was opened; %v", name, s.Close())
			continue
		}
		if !errors.Is(err, state.ErrNewer) || !strings.Contains(err.Error(), fmt.Sprintf("schema %d, and this program knows those up to %d", len(state.Steps)+1, len(state.Steps))) {
			t.Errorf("%s: %v", name, err)
		}
		for file, content := range contents(t, dir) {
			if file == "state.db-shm" || file == "state.db-wal" && content == "" {
				continue // beside it
			}
			if content != before[file] {
				t.Errorf("%s: %s was changed", name, file)
			}
		}
		s, err = state.OpenAt(t.Context(), dir, append(slices.Clone(state.Steps), "CREATE TABLE later (a)"))
		if err != nil {
			t.Errorf("%s: the newer program: %v", name, err)
			continue
		}
		_ = s.Close()
	}
}

func TestFilesOfOthersAreLeftAlone(t *testing.T) {
	damaged := func(t *testing.T, dir string) { // in the middle
		s := start(t, dir)
		update(t, s, func(tx *state.Tx) error {
			for n := range 100 {
				if err := tx.PutVersion(model.Version{Endpoint: "orders", Digest: digest(n)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "state.db")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := len(content) / 2; n < len(content); n++ {
			content[n] = 'x'
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		make func(t *testing.T, dir string)
		said string
	}{
		"no database": {func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "state.db"), []byte(strings.Repeat("this is no database", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "is damaged; put a copy"},
		"damaged": {damaged, "is damaged; put a copy"},
		"another program's": {func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "state.db"), "CREATE TABLE t (a); PRAGMA user_version = 1")
		}, "is a database of another program"},
		"a folder": {func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "state.db"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.make(t, dir)
			path := filepath.Join(dir, "state.db")
			before, _ := os.ReadFile(path)
			s, err := state.Open(t.Context(), dir)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.said) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want %q", err, c.said)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	if _, err := state.Open(t.Context(), dir); !errors.Is(err, state.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v", err)
	}
	update(t, s, func(tx *state.Tx) error { return tx.CreateEndpoint(endpoint("a")) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, start(t, dir)); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
