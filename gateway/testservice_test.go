package gateway_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// nobody is an address of this machine that nobody listens on.
func nobody(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// folders are the folders of services.
func folders(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "services"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAServiceIsTestedWithoutBeingServed(t *testing.T) {
	dir := t.TempDir()
	g, _ := start(t, gateway.Options{Dir: dir}, gateway.Snapshot{})
	down := nobody(t)
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, filepath.Dir(file), "file", "")
	for _, test := range []struct {
		service gateway.Service
		reason  string // "": it is reached
	}{
		{gateway.Service{Name: "a", Kind: "sql"}, ""},
		{gateway.Service{Name: "a", Kind: "cache"}, ""},
		{gateway.Service{Name: "a", Kind: "storage"}, ""},
		{gateway.Service{Name: "a", Kind: "email", Options: config.Options{"from": "a@example.com"}}, ""},
		{gateway.Service{Name: "a", Kind: "sql", Inactive: true}, ""},
		{gateway.Service{Name: "a", Kind: "sql", Options: config.Options{"path": filepath.Join(file, "database")}}, "make the folder of the database"},
		{gateway.Service{Name: "a", Kind: "cache", Driver: "redis", Options: config.Options{"address": down}}, "refused"},
		{gateway.Service{Name: "a", Kind: "sql", Driver: "postgres", Options: config.Options{"url": "postgres://nobody@" + down + "/none"}}, "refused"},
		{gateway.Service{Name: "a", Kind: "fax"}, "fax"},
		{gateway.Service{Name: "a", Kind: "sql", Options: config.Options{"pth": "x"}}, "pth"},
	} {
		took, err := g.TestService(t.Context(), test.service)
		switch {
		case test.reason == "" && (err != nil || took <= 0):
			t.Errorf("%+v: %v, %v", test.service, took, err)
		case test.reason != "" && (err == nil || !strings.Contains(err.Error(), test.reason) || !strings.Contains(err.Error(), `service "a"`)):
			t.Errorf("%+v: %v, want a reason with %q", test.service, err, test.reason)
		}
	}
	if left := folders(t, dir); len(left) != 0 {
		t.Errorf("folders were left: %v", left)
	}
	if s := g.ServiceStatuses(); len(s) != 0 {
		t.Errorf("services were made: %+v", s)
	}
}

// A backend that never answers costs the time of the service, or what the
// caller has.
func TestATestEndsInTime(t *testing.T) {
	g, _ := start(t, gateway.Options{}, gateway.Snapshot{})
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	silent := gateway.Service{Name: "a", Kind: "sql", Driver: "postgres", Options: config.Options{"url": "postgres://nobody@" + ln.Addr().String() + "/none"}}
	quick := silent
	quick.Timeout = 100 * time.Millisecond
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for name, try := range map[string]func() error{
		"its own":    func() error { _, err := g.TestService(t.Context(), quick); return err },
		"the caller": func() error { _, err := g.TestService(short, silent); return err },
	} {
		begin := time.Now()
		if err := try(); err == nil || time.Since(begin) > 5*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(begin))
		}
	}
}

// Tests of a service while one of its name is at work: of the very same, and of
// what it could become. They do not disturb each other.
func TestAServiceIsTestedWhileItWorks(t *testing.T) {
	l := live(t, gateway.Options{}, onSQLite(""))
	l.reset(t)
	same := l.snapshot.Services[0]
	more := same
	more.Workers = 7
	for n := range 20 {
		l.wants(t, fmt.Sprintf(insert, n), "0 0")
		for _, s := range []gateway.Service{same, more} {
			if took, err := l.TestService(t.Context(), s); err != nil || took <= 0 {
				t.Fatal(took, err)
			}
		}
	}
	l.wants(t, count, "0 20")
	if s := l.Report().Services; len(s) != 2 || s[0].Errors != 0 {
		t.Errorf("%+v", s)
	}
}

// A test of an email service sends none of the mail that waits for another to
// be sent, neither from the outbox nor from a database.
func TestTestingAnEmailServiceSendsNoMail(t *testing.T) {
	host, port, err := net.SplitHostPort(nobody(t))
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseInt(port, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	mail := gateway.Service{Name: "mail", Kind: "email", Driver: "smtp", Options: config.Options{
		"host": host, "port": number, "encryption": "none", "from": "a@example.com", "databases": []string{"db"},
	}}
	sender := function("send", "/", func(r *edge.Request) (*edge.Response, error) {
		m, err := r.Email("mail")
		if err != nil {
			return nil, err
		}
		if _, err = m.Send(edge.Message{To: []string{"b@example.com"}, Subject: "s", Text: "t"}); err != nil {
			return nil, err
		}
		return edge.Text(200, "sent"), nil
	})
	sender.Services = map[string]string{"mail": "mail"}
	g, address := start(t, gateway.Options{}, gateway.Snapshot{
		Services: []gateway.Service{mail, {Name: "db", Kind: "sql"}}, Endpoints: []gateway.Endpoint{sender},
	})
	if r := get(t, address, "/"); r.Status != 200 {
		t.Fatal(r.Status)
	}
	folder := filepath.Join(t.TempDir(), "mail")
	other := gateway.Service{Name: "mail", Kind: "email", Options: config.Options{
		"path": folder, "from": "a@example.com", "databases": []string{"db"},
	}}
	for range 5 {
		if _, err := g.TestService(t.Context(), other); err != nil {
			t.Fatal(err)
		}
	}
	if sent, err := os.ReadDir(folder); err != nil || len(sent) != 0 {
		t.Errorf("%v, %v", sent, err)
	}
}

// What a handler is told when it starts.
func TestATrialIsToldToHandlers(t *testing.T) {
	library := buildC(t, `#include "edge_gateway_sdk.h"
static int trial;
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text(trial ? "trial" : "real"));
}
static int32_t begin(const eg_host *host, const eg_init *init, void **self) {
  (void)host; (void)self;
  trial = (init->flags & EG_INIT_TRIAL) != 0;
  return EG_OK;
}
EG_HANDLER("told", "1.0");
EG_INIT(begin);
EG_ENTRY(answer);
`)
	for _, trial := range []bool{true, false} {
		_, address := start(t, gateway.Options{Trial: trial}, gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("e", "/", library)}})
		if r := get(t, address, "/"); (string(r.Body) == "trial") != trial {
			t.Errorf("trial %v: it was told %q", trial, r.Body)
		}
	}
}
