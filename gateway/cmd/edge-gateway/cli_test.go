//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
)

// console runs commands in a folder, as a person does beside a gateway.
type console struct {
	t   *testing.T
	dir string
	env []string
	ran []string // command lines
}

func (c *console) command(args ...string) *exec.Cmd {
	c.ran = append(c.ran, strings.Join(args, " "))
	cmd := exec.Command(binary, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	return cmd
}

// run wants a status, and gives back what was printed.
func (c *console) run(status int, args ...string) (out, said string) {
	c.t.Helper()
	cmd := c.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		c.t.Errorf("edge-gateway %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, &stdout, &stderr)
	}
	return stdout.String(), stderr.String()
}

// says wants words in what a command prints for people.
func (c *console) says(words string, args ...string) {
	c.t.Helper()
	if out, said := c.run(0, args...); !strings.Contains(out+said, words) {
		c.t.Errorf("edge-gateway %s does not say %q but\n%s%s", strings.Join(args, " "), words, out, said)
	}
}

// fails wants a status, and words that tell why on standard error alone.
func (c *console) fails(status int, words string, args ...string) {
	c.t.Helper()
	if out, said := c.run(status, args...); out != "" || !strings.Contains(said, words) {
		c.t.Errorf("edge-gateway %s does not say %q but\n%s%s", strings.Join(args, " "), words, out, said)
	}
}

// answer runs a command with --json and reads what it prints.
func (c *console) answer(args ...string) (value any) {
	c.t.Helper()
	out, said := c.run(0, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		c.t.Fatalf("edge-gateway %s --json: %v\n%s%s", strings.Join(args, " "), err, out, said)
	}
	return value
}

// text is a field of what a command answers, or of its first item.
func (c *console) text(field string, args ...string) string {
	c.t.Helper()
	value := c.answer(args...)
	if list, ok := value.([]any); ok && len(list) > 0 {
		value = list[0]
	}
	object, _ := value.(map[string]any)
	text, ok := object[field].(string)
	if !ok {
		c.t.Fatalf("edge-gateway %s --json has no text %q: %v", strings.Join(args, " "), field, value)
	}
	return text
}

// until runs a command that goes on until it is interrupted, which is done once
// it has printed the words.
func (c *console) until(words string, args ...string) {
	c.t.Helper()
	p := &process{Cmd: c.command(args...), exited: make(chan error, 1)}
	p.Stdout, p.Stderr = p, p
	if err := p.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { p.exited <- p.Wait() }()
	defer func() { _ = p.Process.Kill() }()
	p.waitFor(c.t, words)
	_ = p.Process.Signal(syscall.SIGINT)
	select {
	case err := <-p.exited:
		if err != nil {
			c.t.Errorf("edge-gateway %s, interrupted: %v\n%s", strings.Join(args, " "), err, p.output())
		}
	case <-time.After(10 * time.Second):
		c.t.Errorf("edge-gateway %s is not ended by Ctrl-C", strings.Join(args, " "))
	}
}

// project writes a handler in C that greets with a word.
func (c *console) project(name, word string) {
	c.t.Helper()
	dir := filepath.Join(c.dir, name)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		c.run(0, "new", "c", name)
	}
	file := filepath.Join(dir, "handler.c")
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	write(c.t, file, regexp.MustCompile(`eg_text\("\w+, "\)`).ReplaceAllString(string(text), `eg_text("`+word+`, ")`))
}

const trees = `
openapi: 3.0.3
info: {title: Trees, version: "1"}
paths:
  /trees/{id}:
    get: {operationId: getTree, responses: {"200": {description: one}}}
    delete: {operationId: cutTree, responses: {"204": {description: gone}}}
`

const shop = `
[[service]]
name = "stock"
kind = "cache"
[[endpoint]]
name = "shop"
path = "/shop/{name}"
source = "shelf"
[endpoint.services]
db = "stock"
`

// besideGateway starts a gateway in an empty folder, with a console there, and
// tells its first token.
func besideGateway(t *testing.T, env ...string) (p *process, c *console, token string) {
	t.Helper()
	c = &console{t: t, dir: t.TempDir()}
	c.env = append([]string{"EDGE_GATEWAY_DATA=" + filepath.Join(c.dir, "data")}, env...)
	admin := servertest.Loopback(servertest.Port(t))
	p = serve(t, c.env, "--admin", admin)
	c.env = append(c.env, "ADMIN="+admin)
	found := regexp.MustCompile(`egk_\S+`).FindString(p.output())
	if found == "" {
		t.Fatalf("no token is printed:\n%s", p.output())
	}
	return p, c, found
}

func (c *console) admin() string { return strings.TrimPrefix(c.env[len(c.env)-1], "ADMIN=") }

// Every command that speaks to a gateway does what it says, for people and for
// programs.
func TestEveryCommandOfTheCommandLine(t *testing.T) {
	p, c, token := besideGateway(t)
	greeting := func(want string) {
		t.Helper()
		if status, body := p.ask(t, "GET", "/hello/you", ""); status != 200 || body != want+", you!" {
			t.Errorf("%d %q, want %s", status, body, want)
		}
	}
	c.says("No endpoint yet", "status")
	c.project("greet", "One")
	c.text("new", "deploy", "greet")
	greeting("One")
	c.project("greet", "Two")
	c.says("http://"+p.address+"/hello/world", "deploy", "greet", "--remote-build")
	greeting("Two")
	second := c.text("version", "endpoints", "show", "greet")
	c.says("serves again", "rollback", "greet")
	greeting("One")
	c.fails(6, "no version to go back to", "rollback", "greet", "--json")
	c.text("action", "versions", "greet", "--deploy", second[:12])
	greeting("Two")
	c.text("action", "rollback", "greet")
	greeting("One")
	if versions := c.answer("versions", "greet").([]any); len(versions) != 2 {
		t.Errorf("versions: %v", versions)
	}
	c.says("rollback", "versions", "greet", "--history")

	c.says("canary greet", "deploy", "greet", "--canary", "50", "--header", "X-User")
	c.says("50 %", "canary", "greet")
	c.text("name", "canary", "show", "greet")
	c.says("all requests", "canary", "abort", "greet")
	greeting("One")
	c.text("new", "deploy", "greet", "--canary", "1", "--auto")
	c.text("action", "canary", "promote", "greet")
	greeting("Two")

	c.says("notes", "services", "create", "notes", "--kind", "sql")
	c.text("kind", "services", "create", "attic", "--kind", "storage", "--inactive")
	c.says("active", "services", "activate", "attic")
	c.text("name", "services", "deactivate", "attic")
	c.says("reached in", "services", "test", "notes")
	c.answer("services", "test", "notes")
	c.says("workers = 2", "services", "set", "notes", "--workers", "2")
	c.text("name", "services", "show", "notes")
	c.text("name", "services", "list", "--kind", "sql")
	c.says("notes", "endpoints", "set", "greet", "--bind", "db=notes", "--timeout", "2s")
	c.says("/hello/{name}", "endpoints", "list", "-q", "gree")
	c.text("path", "endpoints", "show", "greet")
	c.says("no route", "endpoints", "disable", "greet")
	if status, _ := p.ask(t, "GET", "/hello/you", ""); status != 404 {
		t.Errorf("disabled: %d", status)
	}
	c.text("name", "endpoints", "enable", "greet")
	greeting("Two")

	c.project("shop/shelf", "Shop")
	write(t, filepath.Join(c.dir, "shop/edge-gateway.toml"), shop)
	c.says("Would change", "apply", "shop", "--plan")
	c.says("Changed", "apply", "shop")
	if changes := c.answer("apply", "shop").(map[string]any)["changes"]; changes != nil && len(changes.([]any)) > 0 {
		for _, change := range changes.([]any) {
			if change.(map[string]any)["action"] != "none" {
				t.Errorf("applied again: %v", change)
			}
		}
	}
	if status, body := p.ask(t, "GET", "/shop/you", ""); status != 200 || body != "Shop, you!" {
		t.Errorf("%d %q", status, body)
	}

	write(t, filepath.Join(c.dir, "trees.yaml"), trees)
	c.answer("import", "trees.yaml", "--language", "c", "--plan")
	c.says("get-tree", "import", "trees.yaml", "--language", "c")
	c.says("files in", "endpoints", "source", "get-tree", "tree")
	c.says("serves", "deploy", "tree", "--name", "get-tree")
	build := c.text("id", "builds", "start", "cut-tree", "--deploy")
	c.says("deployed", "builds", "log", "-f", build)
	c.says("succeeded", "builds", "list", "cut-tree")
	c.fails(6, "ended already", "builds", "cancel", build)
	if status, _ := p.ask(t, "DELETE", "/trees/1", ""); status != 204 {
		t.Errorf("a stub answers %d", status)
	}

	c.until("path=/hello/you", "logs", "greet", "-f")
	c.answer("logs", "greet", "-n", "1")
	c.says("endpoint.deploy", "audit", "--target", "endpoint/greet")
	c.answer("audit", "-n", "1")
	key := c.text("token", "keys", "create", "reader", "--scope", "read", "--endpoint", "greet", "--expires", "1h")
	c.says("reader", "keys", "list")
	c.says("complete", "completion", "bash")
	for line, want := range map[string]string{"edge-gateway rollb": "rollback", "edge-gateway canary abort gr": "greet", "edge-gateway keys delete r": "reader"} {
		c.env = append(c.env, "COMP_LINE="+line)
		c.says(want)
		c.env = c.env[:len(c.env)-1]
	}

	c.env = append([]string{"EDGE_GATEWAY_SERVER=" + c.admin()}, c.env...)
	c.fails(4, "EDGE_GATEWAY_TOKEN", "status")
	c.fails(4, "no such key", "status", "--token", "egk_wrong")
	c.says("greet", "status", "--token", key)
	c.fails(4, "scope deploy", "rollback", "greet", "--token", key)
	c.fails(4, "does not reach", "versions", "shop", "--token", key)
	c.answer("status", "--token", token)
	c.env = c.env[1:]
	c.fails(1, "admin API?", "status", "--server", p.address)

	c.says("finishes what it has", "recycle")
	refused := 7
	if !upgrade.Supported {
		refused = 6
	}
	c.fails(refused, "", "upgrade", "--program", "/nowhere/at/all")
	c.says("No process was ended", "crashes")
	c.says("Nothing was decided", "endpoints", "release", "greet")
	c.says("None of endpoint greet.", "crashes", "--endpoint", "greet")
	c.fails(5, "no endpoint", "crashes", "--endpoint", "nope")
	c.says("503", "undeploy", "greet")
	if status, _ := p.ask(t, "GET", "/hello/you", ""); status != http.StatusServiceUnavailable {
		t.Errorf("undeployed: %d", status)
	}
	c.fails(6, "greet", "services", "delete", "notes")
	c.says("deleted", "endpoints", "delete", "greet")
	c.says("deleted", "services", "delete", "notes")
	c.says("deleted", "keys", "delete", "reader")
	p.stop(t)
	c.fails(3, "edge-gateway serve", "status")
	c.everyLeaf()
}

// everyLeaf wants each command of a gateway that runs to have been run.
func (c *console) everyLeaf() {
	c.t.Helper()
	parser, err := kong.New(&commands{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		path := strings.TrimSuffix(leaf.Path(), " "+leaf.Summary())
		name := strings.TrimSpace(strings.TrimPrefix(strings.Split(path, " <")[0], parser.Model.Name))
		switch name {
		case "serve", "build", "inspect", "version": // have tests of their own
			continue
		}
		found := false
		for _, line := range c.ran {
			found = found || strings.HasPrefix(line+" ", name+" ")
		}
		if !found {
			c.t.Errorf("the command %q was not run", name)
		}
	}
}

// A mistake ends with the status that docs/CONTROL.md gives it, says what is
// wrong on standard error, and changes nothing.
func TestMistakesOnTheCommandLine(t *testing.T) {
	p, c, _ := besideGateway(t)
	c.project("greet", "One")
	c.project("broken", "One")
	write(t, filepath.Join(c.dir, "broken/handler.c"), "this is no C\n")
	c.project("crash", "One")
	handler := filepath.Join(c.dir, "crash/handler.c")
	text, err := os.ReadFile(handler)
	if err != nil {
		t.Fatal(err)
	}
	write(t, handler, string(text)+"\n#include <stdlib.h>\n__attribute__((constructor)) static void boom(void) { abort(); }\n")
	write(t, filepath.Join(c.dir, "text.so"), "text")
	if err := os.Mkdir(filepath.Join(c.dir, "two"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(c.dir, "two/handler.c"), "")
	write(t, filepath.Join(c.dir, "two/go.mod"), "")
	c.run(0, "deploy", "greet")
	for _, test := range []struct {
		status      int
		words, line string
	}{
		{1, "there is no file or folder", "deploy nothing"},
		{1, "there is no file or folder", "apply nothing"},
		{2, "has no path", "deploy greet --route GET"},
		{2, "unbalanced", "endpoints set greet --route /a{"},
		{2, "--canary", "deploy greet --auto"},
		{2, "below 100", "deploy greet --canary 150"},
		{2, "above 0", "endpoints set greet --timeout=-1s"},
		{2, "--expires", "keys create x --scope read --expires=-1h"},
		{2, "--scope", "keys create x --scope all"},
		{2, "name=value", "services create x --kind sql --option path"},
		{2, "missing unit", "logs --since 5"},
		{2, "did you mean", "rolback greet"},
		{3, "edge-gateway serve", "deploy greet --data elsewhere"},
		{3, "refused", "status --server 127.0.0.1:1"},
		{5, `"none"`, "rollback none"},
		{5, `"none"`, "services test none"},
		{5, `"none"`, "builds log none"},
		{5, `"none"`, "keys delete none"},
		{6, "--route", "deploy greet --name other"},
		{6, "no version to go back to", "rollback greet"},
		{6, "its own canary", "deploy greet --canary 5"},
		{7, "none", "endpoints set greet --bind db=none"},
		{7, "no option", "services create x --kind sql --option no=1"},
		{7, "absolute", "services create x --kind storage --option path=here"},
		{7, "keep one handler", "deploy two --route /two"},
		{7, "looks like text", "deploy text.so --route /text"},
		{7, "error:", "deploy broken --route /broken --remote-build"},
		{7, "error:", "deploy broken --route /broken"},
		{7, "SIGABRT", "deploy crash --route /crash"},
		{7, "404", "deploy greet --probe /elsewhere"},
		{7, "edge-gateway.toml", "apply two"},
	} {
		c.fails(test.status, test.words, strings.Fields(test.line)...)
	}
	if endpoints := c.answer("endpoints").([]any); len(endpoints) != 1 || len(c.answer("services").([]any)) != 0 {
		t.Errorf("something was left behind: %v", endpoints)
	}
	if status, body := p.ask(t, "GET", "/hello/you", ""); status != 200 || body != "One, you!" {
		t.Errorf("%d %q", status, body)
	}
	p.stop(t)
}

// Ctrl-C takes back what a deploy had begun, and ends its compiler.
func TestAnInterruptedDeployLeavesNothing(t *testing.T) {
	p, c, _ := besideGateway(t)
	c.project("long", "Long")
	var source strings.Builder
	for i := range 20_000 { // takes half a minute to compile
		fmt.Fprintf(&source, "int f%[1]d(int x) { int s = 0; for (int i = 0; i < x; i++) s += i %% (x + %[1]d) * s; return s; }\n", i)
	}
	write(t, filepath.Join(c.dir, "long/handler.c"), source.String())
	for _, where := range [][]string{{"Compiling"}, {"Build ", "--remote-build"}} {
		cmd := c.command(append([]string{"deploy", "long"}, where[1:]...)...)
		long := &process{Cmd: cmd, exited: make(chan error, 1)}
		cmd.Stdout, cmd.Stderr = long, long
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { long.exited <- cmd.Wait() }()
		long.waitFor(t, where[0])
		_ = cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-long.exited:
		case <-time.After(10 * time.Second):
			t.Fatal("it goes on")
		}
		if status := cmd.ProcessState.ExitCode(); status != 130 || !strings.Contains(long.output(), "interrupted") {
			t.Errorf("status %d\n%s", status, long.output())
		}
		if endpoints := c.answer("endpoints").([]any); len(endpoints) != 0 {
			t.Errorf("%v", endpoints)
		}
	}
	within(t, 10*time.Second, "the build is canceled", func() bool { return c.text("state", "builds") == "canceled" })
	p.stop(t)
}
