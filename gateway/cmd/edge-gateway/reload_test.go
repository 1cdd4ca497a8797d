//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reload has the configuration read again and waits for what the log says of it.
func (p *process) reload(t *testing.T, config, content, says string) {
	t.Helper()
	write(t, config, content)
	before := strings.Count(p.output(), says)
	p.signal(t, syscall.SIGHUP)
	within(t, 30*time.Second, "the log says "+says, func() bool { return strings.Count(p.output(), says) > before })
}

func TestReloadNamesWhatTakesEffectAtTheNextStart(t *testing.T) {
	_, config := project(t)
	endpoints, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	const says = "take effect at the next start"
	p := serve(t, nil, "--config", config)
	server := func(keys ...string) string { return "[server]\n" + strings.Join(keys, "\n") + "\n" + string(endpoints) }
	all := []string{
		`data = "elsewhere"`, `header_limit = "8KiB"`, `read_timeout = "7s"`, `idle_timeout = "8s"`, `max_connections = 99`, `standby = true`,
		`memory = "20GiB"`, `recycle_memory = "10GiB"`, `recycle_retained = "1GiB"`, `recycle_stuck = 99`,
	}
	p.reload(t, config, server(append(all, `drain_timeout = "9s"`)...), "was reloaded")
	if want := `"keys":"data, header_limit, read_timeout, idle_timeout, max_connections, standby, memory, recycle_memory, recycle_retained, recycle_stuck"`; !strings.Contains(p.output(), want) {
		t.Errorf("the log does not say %s", want)
	}
	p.reload(t, config, server(`idle_timeout = "8s"`), "was reloaded")
	if want := `"keys":"idle_timeout"`; !strings.Contains(p.output(), want) {
		t.Errorf("the log does not say %s", want)
	}
	said := strings.Count(p.output(), says)
	p.reload(t, config, string(endpoints), "was reloaded")
	if strings.Count(p.output(), says) != said {
		t.Error("back at what the process was started with, it says that something changes")
	}
	p.stop(t)
}

// What a reload adds is built anew when it is edited, what it takes out is not,
// and neither is what a refused reload would have added.
func TestReloadChangesWhatIsWatched(t *testing.T) {
	dir := t.TempDir()
	source := func(name string) string { return filepath.Join(dir, name, "hello.c") }
	edit := func(name, answer string) {
		t.Helper()
		write(t, source(name), strings.Replace(helloInC, "first", answer, 1))
	}
	for _, name := range []string{"a", "b", "c"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		edit(name, "first")
	}
	file := func(names ...string) (text string) {
		for _, name := range names {
			text += fmt.Sprintf("[[endpoint]]\nname = %q\npath = \"/%s\"\nsource = %q\n", name, name, name)
		}
		return text
	}
	config := write(t, filepath.Join(dir, "edge-gateway.toml"), file("a"))
	p := serve(t, nil, "--config", config, "--watch")
	answers := func(name, want string) {
		t.Helper()
		within(t, 20*time.Second, name+" answers "+want, func() bool {
			_, body := p.ask(t, "GET", "/"+name, "")
			return body == want
		})
	}
	swaps := func(name string) int {
		return strings.Count(p.output(), fmt.Sprintf(`"swapped in a new version","source":%q`, filepath.Join(dir, name)))
	}
	answers("a", "first")

	p.reload(t, config, file("a", "b"), "was reloaded")
	answers("b", "first")
	edit("b", "second")
	answers("b", "second")

	write(t, source("c"), "this is no C\n")
	p.reload(t, config, file("a", "b", "c"), "is not reloaded")
	edit("c", "second")

	p.reload(t, config, file("b"), "was reloaded")
	edit("a", "second")
	edit("b", "third") // last: what came of the others would have come by then
	answers("b", "third")
	if swaps("a") != 0 || swaps("c") != 0 || swaps("b") != 2 {
		t.Errorf("swapped in: a %d times, b %d, c %d; want 0, 2, 0", swaps("a"), swaps("b"), swaps("c"))
	}

	p.reload(t, config, file("a", "b"), "was reloaded")
	answers("a", "second")
	edit("a", "third")
	answers("a", "third")
	p.stop(t)
}
