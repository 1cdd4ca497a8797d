package gofunc_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestMailOfTheProgram(t *testing.T) {
	h, folder := &host{}, t.TempDir()
	h.lend(t, "mail", "email", directory.Open, config.Options{"from": "Shop <shop@example.com>", "path": folder})
	h.run(t, func(r *edge.Request) error {
		m, err := r.Email("mail")
		if err != nil {
			return err
		}
		id, err := m.Send(edge.Message{
			To: []string{"A <a@example.com>"}, Cc: []string{"c@example.com"}, Bcc: []string{"b@example.com"}, ReplyTo: []string{"r@example.com"},
			Subject: "order", Text: "thanks", HTML: "<p>thanks</p>", Attachments: []edge.Attachment{{Name: "bill.txt", Content: []byte("1 EUR")}},
		})
		if err != nil {
			return err
		}
		for {
			state, err := m.State(id)
			if err != nil {
				return err
			}
			if state.State == edge.Failed || state.Accepted.IsZero() {
				t.Errorf("the mail is %+v", state)
			}
			if state.State != edge.Queued {
				break
			}
		}
		files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
		if err != nil || len(files) != 1 {
			t.Fatalf("files %q, %v", files, err)
		}
		content, err := os.ReadFile(files[0])
		for _, part := range []string{id, "shop@example.com", "a@example.com", "r@example.com", "order", "thanks", "bill.txt"} {
			if err != nil || !strings.Contains(string(content), part) {
				t.Errorf("%q is not in it (%v)", part, err)
			}
		}
		if _, err := m.Send(edge.Message{Subject: "to nobody", Text: "x"}); !errors.Is(err, edge.ErrInvalid) {
			t.Errorf("a mail to nobody: %v", err)
		}
		if _, err := m.State("other@example.com"); !errors.Is(err, edge.ErrNotFound) {
			t.Errorf("the state of no mail: %v", err)
		}
		return nil
	})
}
