//go:build unix

package main

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// talkative asks a service, GET /{kind}/{name}, and tells everybody all that it
// hears: the client, the log, and the log again as an error of its own.
const talkative = `
#include "edge_gateway_sdk_cache.h"
#include "edge_gateway_sdk_email.h"
#include "edge_gateway_sdk_sql.h"
#include "edge_gateway_sdk_storage.h"
#define SHOW(b) (int)(b).len, (b).ptr ? (const char *)(b).ptr : ""
static int32_t ask(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes kind = eg_param(request, "kind");
  const char *name = (const char *)eg_copy(host, request, eg_param(request, "name")).ptr;
  const eg_bytes to = eg_text("a@example.com");
  eg_email_message mail = eg_email_new();
  mail.to = &to;
  mail.to_count = 1;
  mail.text = eg_text("text");
  eg_op op = eg_failed_op(EG_E_INVALID);
  if (eg_equal(kind, eg_text("sql"))) op = eg_sql_query_op(host, request, eg_sql(host, name), "select 1", NULL, 0);
  if (eg_equal(kind, eg_text("cache"))) op = eg_cache_get_op(host, request, eg_cache(host, name), eg_text("k"));
  if (eg_equal(kind, eg_text("storage"))) op = eg_storage_get_op(host, request, eg_storage(host, name), eg_text("k"));
  if (eg_equal(kind, eg_text("send"))) op = eg_email_send_op(host, request, eg_email(host, name), &mail);
  if (eg_equal(kind, eg_text("state"))) op = eg_email_state_op(host, request, eg_email(host, name), request->query);
  int32_t status = eg_run(host, request, &op, 1);
  eg_bytes said = eg_format(host, request, "%d", status);
  const eg_problem *problem = eg_problem_of(&op);
  if (problem)
    said = eg_format(host, request, "%d message '%.*s' code '%.*s' subject '%.*s'", status, SHOW(problem->message), SHOW(problem->code), SHOW(problem->subject));
  if (status == EG_OK && eg_equal(kind, eg_text("send"))) said = eg_email_id(&op);
  if (status == EG_OK && eg_equal(kind, eg_text("state"))) {
    const eg_email_state *state = eg_email_state_of(&op);
    said = eg_format(host, request, "state %u reason '%.*s'", state->state, SHOW(state->reason));
  }
  eg_log(host, request, EG_LOG_WARN, "heard of %s: %.*s", name, SHOW(said));
  if (status != EG_OK && request->query.len > 0 && !eg_equal(kind, eg_text("state"))) return eg_fail_ops(response, status, &op, 1);
  return eg_answer(host, request, response, 200, "text/plain", said);
}
EG_HANDLER("talkative", "1.0");
EG_ENTRY(ask);
`

// secrets are passwords that must not be seen, in any form.
type secrets []string

// new makes one that needs quoting wherever it is put into something.
func (s *secrets) new(name string) string {
	secret := fmt.Sprintf("wrong/%s@9f:3c %%x", name)
	*s = append(*s, secret)
	return secret
}

// notIn fails for every form of a secret that a text shows.
func (s secrets) notIn(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range s {
		for _, form := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:],
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("\x00someone\x00" + secret)),
			strings.Trim(fmt.Sprintf("%q", secret), `"`), secret[:len(secret)-3],
		} {
			if n := strings.Index(text, form); n >= 0 {
				t.Errorf("%s shows %q: …%s…", where, form, text[max(0, n-200):min(len(text), n+200)])
			}
		}
	}
}

// TestSecretsAreNowhereToBeSeen: backends that refuse the password, which is
// given in all three ways, or the whole configuration; in no output, answer or
// error is anything of it.
func TestSecretsAreNowhereToBeSeen(t *testing.T) {
	pg, redis := servertest.Postgres(t), servertest.Redis(t, "--requirepass", "the-right-one")
	s3 := servertest.S3(t, "bucket")
	smtp := servertest.StartSMTP(t, servertest.SMTPOptions{Login: "someone:the-right-one", ClearLogin: true})
	dir := t.TempDir()
	write(t, filepath.Join(dir, "talkative.c"), talkative)

	var hidden secrets
	var services, bindings, bad strings.Builder
	count, lastFile := 0, ""
	// given writes an option so, and returns what stands for it in the file.
	given := func(way, secret string) string {
		count++
		switch way {
		case "env":
			t.Setenv(fmt.Sprintf("TEST_SECRET_%d", count), secret)
			return fmt.Sprintf("env:TEST_SECRET_%d", count)
		case "file":
			lastFile = write(t, filepath.Join(dir, fmt.Sprintf("secret-%d", count)), secret+"\n")
			return "file:" + filepath.Base(lastFile)
		}
		return secret
	}
	service := func(to *strings.Builder, name, kind, driver, options string) {
		fmt.Fprintf(to, "[[service]]\nname = %q\nkind = %q\ndriver = %q\n%s\n", name, kind, driver, options)
	}
	host, port, _ := strings.Cut(redis.Address, ":")
	asked := map[string]string{} // kind/name and how its refusal starts
	for _, way := range []string{"literal", "env", "file"} {
		name := "pg-url-" + way
		u := url.URL{Scheme: "postgres", User: url.UserPassword("gateway", hidden.new(name)), Host: pg.Address, Path: "postgres", RawQuery: "sslmode=disable"}
		service(&services, name, "sql", "postgres", fmt.Sprintf("url = %q", given(way, u.String())))
		hidden = append(hidden, u.String())
		asked["sql/"+name] = "-18 "

		name = "pg-password-" + way
		service(&services, name, "sql", "postgres", fmt.Sprintf("url = \"postgres://gateway@%s/postgres?sslmode=disable\"\npassword = %q", pg.Address, given(way, hidden.new(name))))
		asked["sql/"+name] = "-18 "

		name = "redis-" + way
		service(&services, name, "cache", "redis", fmt.Sprintf("address = \"%s:%s\"\npassword = %q", host, port, given(way, hidden.new(name))))
		asked["cache/"+name] = "-18 "

		name = "s3-" + way
		service(&services, name, "storage", "s3", fmt.Sprintf("endpoint = \"http://%s\"\nbucket = \"bucket\"\naccess_key = %q\nsecret_key = %q",
			s3.Address, servertest.S3AccessKey, given(way, hidden.new(name))))
		asked["storage/"+name] = "-18 "

		name = "smtp-" + way
		service(&services, name, "email", "smtp", fmt.Sprintf("host = \"127.0.0.1\"\nport = %d\nencryption = \"none\"\nfrom = \"a@example.com\"\nusername = \"someone\"\nretry = \"20ms\"\npassword = %q",
			smtp.Port, given(way, hidden.new(name))))
		asked["send/"+name] = ""
	}
	for target := range asked {
		_, name, _ := strings.Cut(target, "/")
		fmt.Fprintf(&bindings, "%s = %q\n", name, name)
	}
	endpoint := "[[endpoint]]\nname = \"talkative\"\npath = \"/{kind}/{name}\"\nsource = \".\"\n[endpoint.services]\n" + bindings.String()
	config := write(t, filepath.Join(dir, "edge-gateway.toml"), services.String()+endpoint)

	p := serve(t, nil, "--config", config)
	var heard strings.Builder
	tell := func(path string) string {
		status, body := p.ask(t, "GET", path, "")
		fmt.Fprintln(&heard, path, status, body)
		return body
	}
	for round, suffix := range []string{"", "?fail"} {
		for target, refusal := range asked {
			body := tell("/" + target + suffix)
			if round == 0 && !strings.HasPrefix(body, refusal) {
				t.Errorf("%s: %s", target, body)
			}
			if name, mail := strings.CutPrefix(target, "send/"); mail && round == 0 {
				within(t, 10*time.Second, "the mail is refused", func() bool {
					return strings.Contains(tell("/state/"+name+"?"+body), "reason '5") || strings.Contains(heard.String(), "reason '") && !strings.HasSuffix(strings.TrimSpace(heard.String()), "reason ''")
				})
			}
		}
	}
	p.waitFor(t, "cannot be reached") // the first probes

	// Reloads: the same, and files that are refused with the secrets in them.
	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	p.reload(t, config, string(good)+"\n# the same\n", "was reloaded")
	for name, options := range map[string]string{
		"misspelt":   fmt.Sprintf("url = %q\npasword = %q", "postgres://h/d", hidden.new("misspelt")),
		"list":       fmt.Sprintf("url = [%q]", hidden.new("list")),
		"twice":      fmt.Sprintf("url = %q\nurl = %q", hidden.new("twice"), hidden.new("twice-again")),
		"port":       fmt.Sprintf("url = %q", "postgres://u:"+url.QueryEscape(hidden.new("port"))+"@h:port/d"),
		"scheme":     fmt.Sprintf("url = %q", "postgre://u:"+url.QueryEscape(hidden.new("scheme"))+"@h/d"),
		"key-value":  fmt.Sprintf("url = %q", "host=h port=x password='"+hidden.new("key-value")+"'"),
		"unescaped":  fmt.Sprintf("url = %q", "postgres://u:"+hidden.new("unescaped")+"@h/d"),
		"no-quotes":  "url = " + strings.ReplaceAll(hidden.new("no-quotes"), " ", ""),
		"open-quote": "url = \"" + hidden.new("open-quote"),
		"file":       fmt.Sprintf("url = %q", given("file", "postgres://u:"+url.QueryEscape(hidden.new("of-file"))+"@h:port/d")),
	} {
		bad.Reset()
		service(&bad, name, "sql", "postgres", options)
		p.reload(t, config, bad.String()+string(good), "is not reloaded")
		// At a start, too.
		out := fails(t, "serve", "--config", config, "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "other"))
		if !strings.Contains(out, "edge-gateway.toml") && !strings.Contains(out, name) {
			t.Errorf("%s: it says\n%s", name, out)
		}
		fmt.Fprintln(&heard, out)
	}
	write(t, config, string(good))
	for _, args := range [][]string{{"inspect", config}, {"inspect", lastFile}, {"build", dir, "-o", filepath.Join(t.TempDir(), "talkative.so")}} {
		out, _ := exec.Command(binary, args...).CombinedOutput()
		fmt.Fprintln(&heard, string(out))
	}
	p.stop(t)
	hidden.notIn(t, "the output", p.output())
	hidden.notIn(t, "an answer or an error", heard.String())

	// The search finds what is there, and the services did say something.
	if strings.Count(p.output(), "heard of") < 2*len(asked) || !strings.Contains(p.output(), "password authentication failed") {
		t.Errorf("the services said nothing:\n%s", p.output())
	}
}
