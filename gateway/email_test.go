package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// mailer sends mail in several ways and answers with the status of each
// operation, and with what the last one brought.
const mailer = `
#include "edge_gateway_sdk.h"
#include "edge_gateway_email.h"
#include "edge_gateway_sql.h"
#include <stdlib.h>
typedef struct state {
  eg_op ops[4];
  eg_email_message message;
  eg_email_attachment attachment;
  eg_email_query query;
  eg_sql_statement statement;
  eg_bytes to, bcc;
} state;
static int is(const eg_request *request, const char *how) { return eg_equal(eg_param(request, "how"), eg_text(how)); }
static int32_t resume(const eg_host *host, const eg_request *request, eg_response *response, void *argument, int32_t reason) {
  state *s = argument;
  int32_t status = EG_OK;
  if (reason == EG_OK) {
    const eg_op *last = &s->ops[is(request, "both") || is(request, "neither") ? 2 : 0];
    eg_bytes text = eg_text("-");
    if (last->result && last->status != EG_OK) text = ((const eg_problem *)last->result)->message;
    else if (last->result && is(request, "state")) {
      const eg_email_state *st = last->result;
      text = eg_format(host, request, "%u %d %d %d %.*s", st->state, (int)st->attempts, st->accepted > 0, st->next > 0, (int)st->reason.len, st->reason.ptr ? st->reason.ptr : "");
    } else if (last->result) text = ((const eg_email_accepted *)last->result)->message_id;
    status = eg_answer(host, request, response, 200, 0, eg_format(host, request, "%d %d %d %d|%.*s",
        s->ops[0].status, s->ops[1].status, s->ops[2].status, s->ops[3].status, (int)text.len, text.ptr));
  }
  free(s);
  return status;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  const void *mail = eg_find_service(host, EG_EMAIL, "mail"), *db = eg_find_service(host, EG_SQL, "db");
  if (!mail || !db) return eg_fail(response, eg_text("no service"));
  state *s = calloc(1, sizeof *s);
  s->to = eg_text("Ann <ann@example.com>");
  s->bcc = eg_text("secret@example.com");
  s->message = (eg_email_message){.struct_size = sizeof s->message, .to = &s->to, .to_count = 1, .bcc = &s->bcc, .bcc_count = 1,
      .subject = eg_text("From C"), .text = eg_text("text"), .html = eg_text("<p>html</p>"), .attachments = &s->attachment, .attachment_count = 1};
  s->attachment = (eg_email_attachment){.name = eg_text("body.bin"), .content = request->body};
  s->statement = (eg_sql_statement){.struct_size = sizeof s->statement, .text = eg_text("insert into note values ('x')")};
  s->query = (eg_email_query){.struct_size = sizeof s->query, .message_id = request->query};
  s->ops[0] = (eg_op){mail, EG_EMAIL_SEND, 77, &s->message, 0};
  size_t count = 1;
  if (is(request, "state")) s->ops[0] = (eg_op){mail, EG_EMAIL_STATE, 77, &s->query, 0};
  else if (is(request, "create")) {
    s->statement.text = eg_text("create table note (text text)");
    s->ops[0] = (eg_op){db, EG_SQL_QUERY, 77, &s->statement, 0};
  } else if (is(request, "injected")) s->message.subject = eg_text("a\r\nBcc: b@example.com");
  else if (is(request, "nobody")) s->message.to_count = s->message.bcc_count = 0;
  else if (is(request, "large")) s->attachment.content.len = (uint64_t)1 << 40;
  else if (is(request, "countless")) s->message.to_count = (uint64_t)1 << 60;
  else if (is(request, "null")) s->ops[0].args = 0;
  else if (is(request, "dangling")) s->message.to = (const eg_bytes *)0xdead0000;
  else if (is(request, "code")) s->ops[0].code = 99;
  else if (is(request, "no-tx")) s->message.transaction = db;
  else if (is(request, "no-table")) s->message.transaction = s;
  else if (is(request, "both") || is(request, "neither")) {
    s->ops[0] = (eg_op){db, EG_SQL_BEGIN, 77, 0, 0};
    s->ops[1] = (eg_op){db, EG_SQL_QUERY, 77, &s->statement, 0};
    s->ops[2] = (eg_op){mail, EG_EMAIL_SEND, 77, &s->message, 0};
    s->ops[3] = (eg_op){db, EG_SQL_COMMIT, 77, 0, 0};
    s->message.transaction = db;
    if (is(request, "neither")) s->message.to_count = (uint64_t)1 << 60;
    count = 4;
  }
  return eg_await(response, s->ops, count, resume, s);
}
EG_HANDLER("mailer", "1.0");
EG_ENTRY(answer);
`

// TestEmail sends mail from a library in C: alone, within a transaction, and
// wrongly.
func TestEmail(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "mail")
	_, address := start(t, gateway.Options{}, gateway.Snapshot{
		Services: []gateway.Service{
			{Name: "outgoing", Kind: "email", Options: config.Options{"path": folder, "from": "Shop <shop@example.com>", "databases": []string{"notes"}}},
			{Name: "notes", Kind: "sql"},
		},
		Endpoints: []gateway.Endpoint{{
			Name: "mailer", Path: "/{how}", Library: buildC(t, mailer), Services: map[string]string{"mail": "outgoing", "db": "notes"},
		}},
	})
	call := func(how string) (statuses, text string) {
		t.Helper()
		response, err := http.Post("http://"+address+"/"+how, "application/octet-stream", strings.NewReader("\x00content\xff"))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != 200 {
			return fmt.Sprint("HTTP ", response.StatusCode), ""
		}
		statuses, text, _ = strings.Cut(string(body), "|")
		return statuses, text
	}
	delivered := func(id string) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			statuses, text := call("state?" + id)
			if statuses == "0 0 0 0" && text == "2 1 1 0 " {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("state of %s: %s, %q", id, statuses, text)
			}
		}
		mail, err := os.ReadFile(filepath.Join(folder, id+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Subject: From C\r\n", "Message-ID: <" + id + ">", "AGNvbnRlbnT/", "<p>html</p>"} {
			if !strings.Contains(string(mail), want) {
				t.Errorf("%q is not in\n%s", want, mail)
			}
		}
		if strings.Contains(string(mail), "secret@") {
			t.Error("a blind copy is in the mail")
		}
	}
	if statuses, text := call("create"); statuses != "0 0 0 0" {
		t.Fatal(statuses, text)
	}
	statuses, id := call("send")
	if statuses != "0 0 0 0" {
		t.Fatal(statuses, id)
	}
	delivered(id)
	if statuses, id = call("both"); statuses != "0 0 0 0" {
		t.Fatal(statuses, id)
	}
	delivered(id)
	for how, want := range map[string]string{
		"injected": "-2 ", "nobody": "-2 ", "large": "-14 ", "countless": "-2 ", "null": "-2 ", "code": "-3 ", "state?x@example.com": "-12 ",
		"no-tx": "-15 ", "no-table": "-2 ", "neither": "0 -18 -2 -15", "dangling": "HTTP 502",
	} {
		statuses, text := call(how)
		if isolating && how == "neither" && strings.HasPrefix(statuses, "0 0 -2 -15") {
			continue // the query was done when the mail that spoils its transaction came
		}
		if !strings.HasPrefix(statuses, want) || text == "-" {
			t.Errorf("%s: %s, %q, want %s and a sentence", how, statuses, text, want)
		}
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	if len(files) != 2 {
		t.Errorf("%d mails arrived: %q", len(files), files)
	}
}
