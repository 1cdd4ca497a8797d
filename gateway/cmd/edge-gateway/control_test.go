//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// asked sends a request to the admin API over the socket in a data directory,
// or over TCP with a token.
func asked(t *testing.T, p *process, data, token, method, path string, body []byte) (int, map[string]any) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	address := "http://localhost"
	if token == "" {
		client.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(data, "admin.sock"))
		}}
	} else {
		_, rest, _ := strings.Cut(p.output(), `"msg":"serving the admin API","address":"`)
		address, _, _ = strings.Cut(rest, `"`)
	}
	request, err := http.NewRequest(method, address+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if strings.HasSuffix(path, "/versions") {
		request.Header.Set("Content-Type", "application/octet-stream")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	_ = json.Unmarshal(text, &answer)
	return response.StatusCode, answer
}

// Without a configuration file, all there is comes by the API, and is there
// after a restart.
func TestServingWithoutAFile(t *testing.T) {
	dir, _ := project(t)
	library := filepath.Join(t.TempDir(), "hello.so")
	if out, err := exec.Command(binary, "build", dir, "-o", library, "--data", t.TempDir()).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(library)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "d")
	t.Chdir(t.TempDir()) // no edge-gateway.toml here
	p := serve(t, nil, "--data", data, "--admin", "127.0.0.1:0")
	token := regexp.MustCompile(`egk_[A-Za-z0-9_-]{43}`).FindString(p.output())
	if token == "" {
		t.Fatal("no token was printed")
	}
	for _, step := range []struct {
		token, method, path string
		body                []byte
		status              int
	}{
		{token, "GET", "/readyz", nil, 200},
		{"egk_nonsense", "GET", "/api/v1/endpoints", nil, 401},
		{token, "POST", "/api/v1/endpoints", []byte(`{"name":"hello","path":"/"}`), 201},
		{"", "POST", "/api/v1/endpoints/hello/versions", content, 201},
	} {
		status, answer := asked(t, p, data, step.token, step.method, step.path, step.body)
		if status != step.status {
			t.Fatalf("%s %s: %d %v", step.method, step.path, status, answer)
		}
		if digest, ok := answer["digest"].(string); ok {
			status, answer = asked(t, p, data, "", "POST", "/api/v1/endpoints/hello/deploy", []byte(`{"version":"`+digest+`"}`))
			if status != 200 || answer["new"] != digest {
				t.Fatalf("deploy: %d %v", status, answer)
			}
		}
	}
	if status, body := p.ask(t, "GET", "/", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	p.stop(t)
	if _, err := os.Stat(filepath.Join(data, "admin.sock")); err == nil {
		t.Error("the socket is left")
	}
	again := serve(t, nil, "--data", data, "--admin", "127.0.0.1:0")
	if strings.Contains(again.output(), "egk_") {
		t.Error("a token was printed again")
	}
	if status, body := again.ask(t, "GET", "/", ""); status != 200 {
		t.Errorf("after a restart %d %s", status, body)
	}
	if status, _ := asked(t, again, data, token, "GET", "/api/v1/endpoints", nil); status != 200 {
		t.Errorf("the token answers %d", status)
	}
	again.stop(t)
}

// That the address of the admin API is taken is told, and costs nothing else.
// One that somebody chose ends the start instead: see the mistakes.
func TestAnAdminAddressThatIsTakenWithoutBeingChosen(t *testing.T) {
	if busy, err := net.Listen("tcp", defaultAdmin); err == nil { // else it is taken already
		defer busy.Close()
	}
	data := filepath.Join(t.TempDir(), "d")
	t.Chdir(t.TempDir())
	p := serve(t, []string{"EDGE_GATEWAY_ADMIN="}, "--data", data)
	p.waitFor(t, "choose an address for TCP with --admin")
	if status, _ := asked(t, p, data, "", "GET", "/api/v1/status", nil); status != 200 {
		t.Errorf("over the socket %d", status)
	}
	p.stop(t)
}
