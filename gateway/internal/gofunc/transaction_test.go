package gofunc_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestMailWithinATransactionOfTheProgram(t *testing.T) {
	h, folder := &host{}, t.TempDir()
	h.lend(t, "mail", "email", directory.Open, config.Options{"from": "shop@example.com", "path": folder, "databases": []string{"db"}})
	withNotes(t, h, func(r *edge.Request, db edge.SQL) error {
		m, err := r.Email("mail")
		if err != nil {
			return err
		}
		var sent string
		for _, commit := range []bool{false, true} {
			tx, err := db.Begin(edge.TxOptions{})
			if err != nil {
				return err
			}
			id, err := m.SendIn(tx, edge.Message{To: []string{"a@example.com"}, Subject: "both or neither", Text: "x"})
			if err != nil {
				return err
			}
			if !commit {
				if err := tx.Rollback(); err != nil {
					return err
				}
				continue
			}
			if err := tx.Commit(); err != nil {
				return err
			}
			sent = id
		}
		for {
			state, err := m.State(sent)
			if err != nil && !errors.Is(err, edge.ErrNotFound) {
				return err
			}
			if err == nil && state.State == edge.Delivered {
				break
			}
			if err := r.Sleep(time.Millisecond); err != nil {
				return err
			}
		}
		files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
		if err != nil || len(files) != 1 {
			t.Fatalf("files %q, %v", files, err)
		}
		content, err := os.ReadFile(files[0])
		if err != nil || !bytes.Contains(content, []byte(sent)) {
			t.Errorf("another mail was sent (%v)", err)
		}
		return nil
	})
}
