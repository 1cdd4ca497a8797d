//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// fences returns the code blocks of a language in the README, in order.
func fences(t *testing.T, language string) []string {
	t.Helper()
	return fencesOf(t, "../../../README.md", language)
}

func fencesOf(t *testing.T, file, language string) []string {
	t.Helper()
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, part := range strings.Split(string(readme), "\n```"+language+"\n")[1:] {
		code, _, closed := strings.Cut(part, "\n```")
		if !closed {
			t.Fatalf("a block of %s is not closed", language)
		}
		found = append(found, code+"\n")
	}
	if len(found) == 0 {
		t.Fatalf("%s has no block of %s", file, language)
	}
	return found
}

// Every command of the README is run as it stands there, but for the address
// and the program's place, and has to print what follows it behind "# ".
func TestReadmeCommandsDoWhatItSays(t *testing.T) {
	dir := t.TempDir()
	var p *process
	data := ""
	serving := func(in string, args ...string) {
		if p != nil {
			p.stop(t)
		}
		data = in
		p = serve(t, nil, append(args, "--data", data)...)
	}
	asked := 0
	var five time.Time // when the section Five minutes began
	for _, block := range fences(t, "sh") {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		for len(lines) > 0 {
			command := lines[0]
			lines = lines[1:]
			var wants []string
			for len(lines) > 0 && strings.HasPrefix(lines[0], "# ") {
				wants = append(wants, lines[0][2:])
				lines = lines[1:]
			}
			switch {
			case command == "make run":
				makeRuns(t, "bin/edge-gateway serve --config gateway/samples.toml --watch")
				address := servertest.Loopback(servertest.Port(t)) // one sample asks another
				serving(samplesData(t), "--config", samplesAt(t, address), "--watch", "--listen", address)
				continue
			case strings.HasPrefix(command, "bin/edge-gateway serve --config "):
				args := strings.Fields(command)
				serving(t.TempDir(), append([]string{"--config", filepath.Join(dir, args[3])}, args[4:]...)...)
				continue
			case command == "bin/edge-gateway serve":
				five = time.Now()
				serving(t.TempDir())
				continue
			case command == "bin/edge-gateway status":
				took := time.Since(five)
				t.Logf("from serve to status: %v", took)
				if took > 5*time.Minute {
					t.Errorf("the five minutes took %v", took)
				}
			case strings.HasPrefix(command, "make "):
				continue // the tests themselves
			case strings.Contains(command, "curl "):
				asked++
			}
			line := strings.ReplaceAll(command, "bin/edge-gateway", binary)
			line = strings.Replace(line, "curl ", "curl -sSf ", 1)
			if p != nil {
				line = strings.ReplaceAll(line, "127.0.0.1:8080", p.address)
			}
			shell := exec.Command("bash", "-c", "set -o pipefail; "+line)
			shell.Dir = dir
			shell.Env = append(os.Environ(), "EDGE_GATEWAY_DATA="+data)
			out, err := shell.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
				continue
			}
			said := strings.TrimSpace(strings.ReplaceAll(string(out), p.address, "127.0.0.1:8080"))
			if want := strings.Join(wants, "\n"); want != "" && !matches(said, want) {
				t.Errorf("%s prints\n%s\nthe README says\n%s", command, said, want)
			}
		}
	}
	if asked < 18 {
		t.Errorf("only %d requests were found in the README", asked)
	}
	p.stop(t)
}

// matches compares, where "…" stands for anything.
func matches(said, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(said)
}

// makeRuns checks what `make run` would run, once the gateway is built.
func makeRuns(t *testing.T, command string) {
	t.Helper()
	dry := exec.Command("make", "--dry-run", "run")
	dry.Dir = "../../.."
	out, err := dry.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !slices.Contains(strings.Split(string(out), "\n"), command) {
		t.Errorf("make run would not run %q but\n%s", command, out)
	}
}

// The snippets are put in the place of what `new` wrote, and served by the
// README's own configuration.
func TestReadmeSnippetsCompileAndAnswer(t *testing.T) {
	for language, file := range map[string]string{"c": "*.c", "rust": "src/lib.rs", "go": "*.go"} {
		t.Run(language, func(t *testing.T) {
			dir := t.TempDir()
			config := write(t, filepath.Join(dir, "edge-gateway.toml"), fences(t, "toml")[1])
			project := filepath.Join(dir, "my-handler")
			if out, err := exec.Command(binary, "new", language, project).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			sources, err := filepath.Glob(filepath.Join(project, file))
			if err != nil || len(sources) != 1 {
				t.Fatalf("sources %q: %v", sources, err)
			}
			write(t, sources[0], fences(t, language)[0])
			p := serve(t, nil, "--config", config)
			if status, body := p.ask(t, "GET", "/hello/A%20b", ""); status != 200 || body != "Hello, A b!" {
				t.Errorf("%d %q", status, body)
			}
			p.stop(t)
		})
	}
}
