//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/cli"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

const controlGuide = "../../../docs/CONTROL.md"

const pets = `
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets:
    get: {operationId: listPets, responses: {"200": {description: all}}}
    post: {operationId: addPet, responses: {"201": {description: made}}}
`

// commandsOf lists the commands of a guide as they come, those in blocks and
// those within sentences.
func commandsOf(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, found := range regexp.MustCompile("(?m)^edge-gateway .*$|`(?:edge-gateway |source )[^`]*`").FindAllString(string(text), -1) {
		commands = append(commands, strings.Trim(found, "`"))
	}
	return commands
}

// Every command of the guide is run as it stands there, in its order.
func TestCommandsOfTheControlGuide(t *testing.T) {
	database := servertest.Postgres(t)
	p, c, token := besideGateway(t, "ORDERS_URL="+database.URL(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	c.env = append([]string{"EDGE_GATEWAY_TOKEN=" + token}, c.env...)
	c.project("my-handler", "One")
	c.run(0, "deploy", "my-handler")
	c.project("my-handler", "Two") // what the canary is of
	c.run(0, "deploy", "my-handler", "--name", "shop", "--route", "/counter/{name}")
	c.run(0, "deploy", "my-handler", "--name", "orders", "--route", "/orders/{name}")
	if status, body := p.ask(t, "GET", "/orders/you", ""); status != 200 {
		t.Fatalf("%d %q", status, body)
	}
	c.project("shop/shelf", "Shop")
	write(t, filepath.Join(c.dir, "shop/edge-gateway.toml"), strings.Replace(shop, `"shop"`, `"shelf"`, 1))
	write(t, filepath.Join(c.dir, "openapi.yaml"), pets)
	commands := commandsOf(t, controlGuide)
	if len(commands) < 15 {
		t.Errorf("only %d commands are found: %q", len(commands), commands)
	}
	for _, line := range commands {
		switch {
		case line == "edge-gateway serve", line == "edge-gateway import": // it runs; without its arguments
			continue
		case strings.HasPrefix(line, "edge-gateway logs "):
			c.until("/orders/you", strings.Fields(line)[1:]...)
			continue
		case strings.HasPrefix(line, "source "):
			line += "; complete -p edge-gateway"
		}
		line = strings.ReplaceAll(line, "127.0.0.1:9090", c.admin())
		if strings.HasSuffix(line, " ID") {
			line = strings.TrimSuffix(line, "ID") + c.buildOf("my-handler")
		}
		shell := exec.Command("bash", "-c", line)
		shell.Dir, shell.Env = c.dir, append(os.Environ(), c.env...)
		var said bytes.Buffer
		shell.Stdout, shell.Stderr = &said, &said
		if err := shell.Run(); err != nil || said.Len() == 0 {
			t.Errorf("%s: %v\n%s", line, err, &said)
		}
	}
	if status, body := p.ask(t, "GET", "/pets", ""); status != 200 {
		t.Errorf("the imported stub answers %d %q", status, body)
	}
	p.stop(t)
}

// buildOf has the gateway compile a project, and tells the id of that build.
func (c *console) buildOf(project string) string {
	c.t.Helper()
	c.run(0, "deploy", project, "--name", "orders", "--remote-build")
	return c.text("id", "builds", "orders")
}

// The table of the guide is that of the program.
func TestTheControlGuideNamesTheExitStatuses(t *testing.T) {
	text, err := os.ReadFile(controlGuide)
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{cli.Failed, cli.Usage, cli.Unreachable, cli.NotAllowed, cli.NotFound, cli.Conflicting, cli.Refused, cli.Interrupted} {
		if row := fmt.Sprintf("\n| %d |", status); !bytes.Contains(text, []byte(row)) {
			t.Errorf("no row %q", row)
		}
	}
}
