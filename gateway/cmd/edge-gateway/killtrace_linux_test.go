package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// TestWhatIsAcknowledgedIsOnTheDisk looks at the system calls of a gateway:
// before the answer of an operation is written, its files, their names and the
// log of the state are on the disk, in this order.
func TestWhatIsAcknowledgedIsOnTheDisk(t *testing.T) {
	b := newBox(t)
	trace := filepath.Join(b.dir, "trace")
	b.tracer = []string{
		servertest.Strace(t), "-f", "-y", "-o", trace, "-e", "trace=fsync,fdatasync,pwrite64,write,rename,renameat,renameat2",
	}
	b.mustStart()
	type span struct {
		name       string
		begin, end int // answers
	}
	var spans []span
	for _, operation := range []struct {
		name string
		do   func() bool
	}{
		{"create endpoint", func() bool { return b.createEndpoint("e0") }},
		{"upload", func() bool { return b.upload("e0", "version-0001") }},
		{"deploy", func() bool { return b.deploy("e0", "version-0001") }},
		{"upload", func() bool { return b.upload("e0", "version-0002") }},
		{"canary", func() bool { return b.canary("e0", "version-0002") }},
		{"promote", func() bool { return b.endCanary("e0", "promote") }},
		{"rollback", func() bool { return b.rollback("e0") }},
		{"undeploy", func() bool { return b.undeploy("e0") }},
		{"put source", func() bool { return b.putSource("e0", "source-0001") }},
		{"build", func() bool { return b.build("e0", false) }},
		{"put source", func() bool { return b.putSource("e0", "source-0002") }},
		{"build", func() bool { return b.build("e0", true) }},
		{"delete version", func() bool { return b.deleteVersion("e0", "version-0002") }},
		{"create service", func() bool { return b.putService("s0", 1) }},
		{"update service", func() bool { return b.putService("s0", 2) }},
		{"delete service", func() bool { return b.deleteService("s0") }},
		{"create key", func() bool { return b.createKey("k0") }},
		{"delete key", func() bool { return b.deleteKey("k0") }},
		{"apply bundle", func() bool { return b.applyBundle(map[string]string{"e1": "version-0003", "e2": "version-0004"}) }},
		{"delete endpoint", func() bool { return b.deleteEndpoint("e0") }},
	} {
		begin := b.answered
		if !operation.do() {
			t.Fatalf("%s: it died", operation.name)
		}
		spans = append(spans, span{operation.name, begin, b.answered})
	}
	b.endTraced()

	calls := servertest.Calls(t, trace)
	var answers []int // where they begin to be written
	for i, call := range calls {
		if strings.HasPrefix(call, "write(") && strings.Contains(call, `, "HTTP/1.1 `) {
			answers = append(answers, i)
		}
	}
	if len(answers) != b.answered {
		t.Fatalf("%d answers in the trace, and there were %d", len(answers), b.answered)
	}
	d := traced(b.data)
	start := calls[:answers[0]]
	b.inOrder("start", start, d.written(".secret.key"), d.synced(".secret.key"), renamed("/secret.key"), d.folderSynced())
	b.inOrder("start", start, d.logged(), d.synced("state.db-wal>"), d.folderSynced())
	for _, s := range spans {
		first := 0
		if s.begin > 0 {
			first = answers[s.begin-1] + 1
		}
		b.acknowledged(s.name, calls[first:answers[s.end-1]])
	}
}

// acknowledged checks the calls before an operation's answer.
func (b *box) acknowledged(name string, calls []string) {
	b.Helper()
	d := traced(b.data)
	change := []string{d.logged(), d.synced("state.db-wal>")}
	library := d.kept("versions", `\.so`)
	switch name {
	case "upload", "build":
		b.inOrder(name, calls, slices.Concat(library, change)...)
	case "apply bundle":
		b.inOrder(name, calls, slices.Concat(library, library, change)...)
	case "put source":
		b.inOrder(name, calls, slices.Concat(d.kept("sources", `\.tar`), change)...)
	default:
		b.inOrder(name, calls, change...)
	}
	// Nothing is written to the log of the state behind its last sync.
	last := func(pattern string) int {
		for i, call := range slices.Backward(calls) {
			if regexp.MustCompile(pattern).MatchString(call) {
				return i
			}
		}
		return -1
	}
	if last(change[1]) < last(change[0]) {
		b.Errorf("%s: it is acknowledged while the log of the state is not on the disk", name)
	}
}

// inOrder wants calls that match in this order, among others.
func (b *box) inOrder(what string, calls []string, patterns ...string) {
	b.Helper()
	rest := calls
	for _, pattern := range patterns {
		i := slices.IndexFunc(rest, regexp.MustCompile(pattern).MatchString)
		if i < 0 {
			b.Errorf("%s: %s is not in its place among\n%s", what, pattern, strings.Join(calls, "\n"))
			return
		}
		rest = rest[i+1:]
	}
}

// traced is a data directory; its methods are what calls for its files look
// like. A name may be the beginning of one.
type traced string

func (d traced) file(name string) string { return regexp.QuoteMeta(string(d) + "/" + name) }

func (d traced) written(name string) string { return `^write\(\d+<` + d.file(name) }
func (d traced) synced(name string) string  { return `^f(data)?sync\(\d+<` + d.file(name) }
func (d traced) folderSynced() string       { return `^fsync\(\d+<` + regexp.QuoteMeta(string(d)) + `>` }
func (d traced) logged() string             { return `^pwrite64\(\d+<` + d.file("state.db-wal>") }
func renamed(to string) string              { return `^rename.*` + to + `"` }

// kept are the calls by which an artifact is kept.
func (d traced) kept(folder, extension string) []string {
	return []string{
		d.written(folder + "/upload-"), d.synced(folder + "/upload-"),
		renamed(folder + `/[0-9a-f]{64}` + extension), d.synced(folder + ">"),
	}
}

// endTraced ends the gateway that runs under a tracer, which ends with it.
func (b *box) endTraced() {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(b.data, "lock"))
	b.must(err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	b.must(err)
	b.must(syscall.Kill(pid, syscall.SIGKILL))
	<-b.now.ended
}
