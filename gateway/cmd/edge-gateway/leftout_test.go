//go:build unix

package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A service that a worker cannot open any more when it is restarted is told of,
// and what needs no service is served.
func TestAServiceThatCannotBeOpenedAgainHasAFault(t *testing.T) {
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	dir, config := project(t)
	trusted := filepath.Join(dir, "ca.pem")
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	write(t, trusted, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, string(text)+"\n[[service]]\nname = \"web\"\nkind = \"http\"\nallow = \"api.example.com\"\nca = \"ca.pem\"\n")
	data := filepath.Join(dir, "d")
	p := serve(t, nil, "--config", config, "--data", data)
	if status, answer := asked(t, p, data, "", "GET", "/readyz", nil); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	if err := os.Remove(trusted); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.worker(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var fault string
	within(t, 20*time.Second, "the service has a fault", func() bool {
		_, answer := asked(t, p, data, "", "GET", "/api/v1/services/web", nil)
		fault, _ = answer["fault"].(string)
		return fault != ""
	})
	if !strings.Contains(fault, "certificates to trust") {
		t.Errorf("fault %q", fault)
	}
	if status, _ := asked(t, p, data, "", "GET", "/readyz", nil); status != http.StatusServiceUnavailable {
		t.Errorf("it is ready: %d", status)
	}
	if status, body := p.ask(t, "GET", "/", ""); status != 200 {
		t.Errorf("%d %q", status, body)
	}
	p.stop(t)
}
