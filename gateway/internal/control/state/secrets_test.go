package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func database() state.Service {
	return state.Service{
		Service: model.Service{
			ServiceSpec: model.ServiceSpec{
				Name: "orders-db", Kind: "sql", Driver: "postgres", Workers: 4,
				Options: map[string]any{"host": "db", "port": int64(5432), "ratio": 0.5, "databases": []any{"a", int64(1 << 60)}, "password": model.HiddenSecret},
			},
			Origin: model.FromAPI, Revision: 3, Created: noon, Updated: noon,
		},
		Secrets: map[string]string{"password": "swordfish-hunter2", "token": "env:TOKEN"},
	}
}

func TestServices(t *testing.T) {
	s := start(t, t.TempDir())
	given := database()
	given.Options["password"] = "swordfish-hunter2" // by mistake
	given.Fault, given.BoundTo, given.Status = "out of luck", []string{"orders"}, &model.ServiceStatus{}
	update(t, s, func(tx *state.Tx) error {
		return errors.Join(tx.CreateService(given), tx.CreateService(state.Service{Service: model.Service{ServiceSpec: model.ServiceSpec{Name: "cache", Kind: "cache"}}}))
	})
	stored := database()
	stored.Options["token"] = model.HiddenSecret
	view(t, s, func(tx *state.Tx) error {
		got, err := tx.Service("orders-db")
		if !reflect.DeepEqual(got, stored) {
			t.Errorf("stored %+v\nwant   %+v", got, stored)
		}
		all, err2 := tx.Services()
		if len(all) != 2 || all[0].Name != "cache" || len(all[0].Secrets) != 0 || !reflect.DeepEqual(all[1], stored) {
			t.Errorf("%+v", all)
		}
		return errors.Join(err, err2)
	})
	want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.CreateService(given) }), model.Conflict, "name")
	stored.Secrets = map[string]string{"password": "another"}
	update(t, s, func(tx *state.Tx) error { return tx.PutService(stored) })
	view(t, s, func(tx *state.Tx) error {
		got, err := tx.Service("orders-db")
		if !reflect.DeepEqual(got, stored) {
			t.Errorf("stored %+v\nwant   %+v", got, stored)
		}
		return err
	})
	update(t, s, func(tx *state.Tx) error { return tx.DeleteService("orders-db") })
	want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.PutService(stored) }), model.Missing, "")
	want(t, s.Update(t.Context(), func(tx *state.Tx) error { return tx.DeleteService("orders-db") }), model.Missing, "")
}

// TestNoSecretIsOnTheDisk looks into every file, while the state is open and
// after.
func TestNoSecretIsOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	var secrets []string
	for n := range 20 {
		d := database()
		d.Name = fmt.Sprintf("db-%d", n%5)
		secret, token := fmt.Sprintf("swordfish-%d-%s", n, strings.Repeat("x", n)), fmt.Sprintf("eg_token_%d", n)
		secrets = append(secrets, secret, token)
		d.Secrets["password"] = secret
		update(t, s, func(tx *state.Tx) error {
			put := tx.PutService
			if n < 5 {
				put = tx.CreateService
			}
			return errors.Join(put(d), tx.PutAnswer("ci", fmt.Sprint(n%3), state.Answer{Request: "POST /keys", Answer: []byte(token)}))
		})
	}
	update(t, s, func(tx *state.Tx) error { return tx.DeleteService("db-1") })
	search := func() {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) < 3 {
			t.Fatal(files, err)
		}
		found := false
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if bytes.Contains(content, []byte(secret)) {
					t.Errorf("%s holds %q", name, secret)
				}
			}
			found = found || bytes.Contains(content, []byte("db-2"))
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
			}
		}
		if !found {
			t.Error("the search finds nothing at all")
		}
	}
	search()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	search()
}

// TestSealedSecretsStayWhereTheyAre: whoever can write the database, but has
// not the key, cannot have one service use the secret of another.
func TestSealedSecretsStayWhereTheyAre(t *testing.T) {
	for name, text := range map[string]string{
		"of another service": `UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE service = 'b' AND option = 'password') WHERE service = 'a' AND option = 'password'`,
		"of another option":  `UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE service = 'a' AND option = 'token') WHERE service = 'a' AND option = 'password'`,
		"changed":            `UPDATE secret SET sealed = zeroblob(length(sealed)) WHERE service = 'a'`,
		"cut":                `UPDATE secret SET sealed = x'00' WHERE service = 'a'`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := start(t, dir)
			update(t, s, func(tx *state.Tx) error {
				a, b := database(), database()
				a.Name, b.Name = "a", "b"
				return errors.Join(tx.CreateService(a), tx.CreateService(b))
			})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			change(t, filepath.Join(dir, "state.db"), text)
			s, err := state.Open(t.Context(), dir)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "secret.key")) {
				t.Error(err)
			}
		})
	}
}

// change writes into a database as another program does.
func change(t *testing.T, path, text string) {
	t.Helper()
	db, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

func TestKeyOfTheSecrets(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "secret.key")
	s := start(t, dir)
	update(t, s, func(tx *state.Tx) error { return tx.PutAnswer("ci", "1", state.Answer{}) })
	reopen := func(said string) {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := state.Open(t.Context(), dir)
		if err == nil {
			s = again
			t.Cleanup(func() { _ = s.Close() })
		}
		if said == "" && err != nil || said != "" && (err == nil || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), path)) {
			t.Errorf("error %v, want %q", err, said)
		}
	}
	first, err := os.ReadFile(path)
	if err != nil || len(first) != 32 {
		t.Fatal(len(first), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	reopen("") // nothing that lasts was sealed with it
	view(t, s, func(tx *state.Tx) error {
		_, found, err := tx.Answer("ci", "1")
		if found {
			t.Error("an answer that cannot be opened is found")
		}
		return err
	})
	update(t, s, func(tx *state.Tx) error { return tx.CreateService(database()) })
	second, err := os.ReadFile(path)
	if err != nil || bytes.Equal(first, second) {
		t.Error("the key was not made anew", err)
	}
	reopen("")
	for content, said := range map[string]string{string(first): "cannot be opened", "short": "has 5 bytes in place of 32"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		reopen(said)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	reopen("is missing, and 2 secrets of services are sealed with it")
	if _, err := os.Stat(path); err == nil {
		t.Error("another key was made")
	}
	if err := os.WriteFile(path, second, 0o644); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		reopen("chmod 600")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reopen("")
}

func TestKeyThatWasNotFinishedIsRemoved(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".secret.key.1.tmp")
	old := time.Now().Add(-2 * time.Hour)
	if err := errors.Join(os.WriteFile(left, []byte("part"), 0o600), os.Chtimes(left, old, old)); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	if _, err := os.Stat(left); err == nil {
		t.Error("it is still there")
	}
}
