package directory_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

// The tests of this file run this binary as a child, which writes objects and
// says so on its standard output.
const (
	childRole = "EDGE_GATEWAY_TEST_CHILD"
	childPath = "EDGE_GATEWAY_TEST_PATH"
	childSeed = "EDGE_GATEWAY_TEST_SEED"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childRole) {
	case "":
		os.Exit(m.Run())
	case "trace":
		traced()
	case "killed":
		killed()
	}
}

func child(t *testing.T, role, path string, before ...string) *exec.Cmd {
	args := append(before, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path)
	return cmd
}

func openChild() *storage.Service {
	dir, path := os.Getenv(childPath)+".env", os.Getenv(childPath)
	s, err := directory.Open(storagetest.Spec("directory", options(path)), service.Env{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	return s.(*storage.Service)
}

func say(format string, args ...any) {
	_, _ = os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n")
}

// step is an operation of the child that is traced.
type step struct {
	name    string
	request func(upload uint64) storage.Request
	key     string // that is other afterwards
	content string // "": gone
}

func steps() []step {
	plain := func(r storage.Request) func(uint64) storage.Request { return func(uint64) storage.Request { return r } }
	return []step{
		{"warm", plain(storage.Put{Key: "dir/warm", Body: []byte("old")}), "dir/warm", "old"},
		{"put", plain(storage.Put{Key: "dir/put", Body: []byte("x")}), "dir/put", "x"},
		{"folder", plain(storage.Put{Key: "new/er/put", Body: []byte("x")}), "new/er/put", "x"},
		{"create", plain(storage.Put{Key: "dir/create", Body: []byte("x"), Create: true}), "dir/create", "x"},
		{"over", plain(storage.Put{Key: "dir/warm", Body: []byte("new")}), "dir/warm", "new"},
		{"copy", plain(storage.Copy{From: "dir/put", To: "dir/copy"}), "dir/copy", "x"},
		{"start", plain(storage.Start{Key: "dir/up", Body: []byte("x")}), "dir/up", ""},
		{"finish", func(upload uint64) storage.Request { return storage.Finish{Upload: upload, Bytes: []byte("y")} }, "dir/up", "xy"},
		{"delete", plain(storage.Delete{Key: "dir/put"}), "dir/put", ""},
		{"again", plain(storage.Delete{Key: "dir/put"}), "dir/put", ""},
		{"last", plain(storage.Delete{Key: "new/er/put"}), "new/er/put", ""},
	}
}

// traced does one of each operation that has to be durable.
func traced() {
	s := openChild()
	scope, _ := abi.NewScope()
	var upload uint64
	for _, step := range steps() {
		result, err := s.Do(service.Call{Scope: scope}, step.request(upload))
		if result.Upload != 0 {
			upload = result.Upload
		}
		say("ACK %s %v", step.name, err)
	}
}

// TestOrderOfSystemCalls shows that an acknowledgement comes after the fsync of
// the file, the rename, and the fsync of the folder, in this order.
func TestOrderOfSystemCalls(t *testing.T) {
	strace := servertest.Need(t, "install the package strace", "strace")
	path, log := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "trace")
	cmd := child(t, "trace", path, strace, "-f", "-y", "-o", log,
		"-e", "trace=write,fsync,rename,renameat,renameat2,linkat,unlinkat,mkdirat")
	out, err := cmd.CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "ptrace") || strings.Contains(string(out), "PTRACE") {
			t.Skipf("tracing is not permitted: %s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	calls := readTrace(t, log)
	const inc, obj = `/incoming/\w+`, `/objects`
	for name, want := range map[string][]string{
		"put":    {`write\(\d+<[^>]*` + inc, `fsync\(\d+<[^>]*` + inc + `/\d+>`, `rename.*` + inc + `.*objects/dir\+>, "put"`, `fsync\(\d+<[^>]*` + obj + `/dir\+>`},
		"create": {`fsync\(\d+<[^>]*` + inc + `/\d+>`, `linkat.*objects/dir\+>, "create"`, `fsync\(\d+<[^>]*` + obj + `/dir\+>`},
		"copy":   {`fsync\(\d+<[^>]*` + inc + `/\d+>`, `rename.*objects/dir\+>, "copy"`, `fsync\(\d+<[^>]*` + obj + `/dir\+>`},
		"finish": {`fsync\(\d+<[^>]*` + inc + `/\d+>`, `rename.*objects/dir\+>, "up"`, `fsync\(\d+<[^>]*` + obj + `/dir\+>`},
		"folder": {`fsync\(\d+<[^>]*` + inc + `/\d+>`, `mkdirat\(.*"new\+"`, `mkdirat\(.*"er\+"`, `fsync\(\d+<[^>]*` + obj + `>`,
			`fsync\(\d+<[^>]*` + obj + `/new\+>`, `rename.*objects/new\+/er\+>, "put"`, `fsync\(\d+<[^>]*` + obj + `/new\+/er\+>`},
		"delete": {`unlinkat\(.*objects/dir\+>, "put"`, `fsync\(\d+<[^>]*` + obj + `/dir\+>`},
		"again":  {`fsync\(\d+<[^>]*` + obj + `/dir\+>`},
	} {
		found := calls[name]
		rest := found
		for _, pattern := range want {
			n := 0
			for n < len(rest) && !regexp.MustCompile(pattern).MatchString(rest[n]) {
				n++
			}
			if n == len(rest) {
				t.Errorf("%s: no %s in its place before the acknowledgement:\n%s", name, pattern, strings.Join(found, "\n"))
				break
			}
			rest = rest[n+1:]
		}
		for _, call := range rest { // nothing that others see comes after the last fsync
			if strings.Contains(call, "rename") || strings.Contains(call, "linkat") && strings.Contains(call, "objects") {
				t.Errorf("%s: not fsynced: %s", name, call)
			}
		}
	}
}

// TestKilledAtEveryStep kills the child as it makes each of the system calls
// that the disk is changed by: the first of a kind, the second, and so on. What
// was acknowledged is there; of what was under way, all or nothing.
func TestKilledAtEveryStep(t *testing.T) {
	strace := servertest.Need(t, "install the package strace", "strace")
	kills := 0
	for _, call := range []string{"fsync", "renameat,renameat2", "linkat", "unlinkat", "mkdirat"} {
		for n := 1; n < 60; n++ {
			path := filepath.Join(t.TempDir(), "store")
			cmd := child(t, "trace", path, strace, "-f", "-o", os.DevNull, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n))
			cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // calls are counted for each thread
			out, err := cmd.CombinedOutput()
			if strings.Contains(string(out), "ptrace") || strings.Contains(string(out), "PTRACE") {
				t.Skipf("tracing is not permitted: %s", out)
			}
			if !strings.Contains(string(out), "<nil>") && err == nil {
				t.Fatalf("%s %d: nothing happened: %s", call, n, out)
			}
			afterKill(t, fmt.Sprintf("%s %d", call, n), path, strings.Count(string(out), "<nil>"))
			if err == nil {
				break // it made fewer calls of that kind
			}
			kills++
		}
	}
	if kills < 20 {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("%d kills", kills)
}

// afterKill looks whether a store is what the first so many steps made of it,
// or one more.
func afterKill(t *testing.T, when, path string, acknowledged int) {
	t.Helper()
	want, next := map[string]string{}, ""
	var then string
	for n, step := range steps() {
		switch {
		case n < acknowledged:
			want[step.key] = step.content
		case n == acknowledged:
			next, then = step.key, step.content
		}
	}
	s := open(t, path)
	defer storagetest.Close(t, s)
	for _, step := range steps() {
		found := ""
		if r, err := s.Do(service.Call{}, storage.Get{Key: step.key}); err == nil {
			found = string(r.Object.Body)
		} else if !errors.Is(err, abi.ErrNotFound) {
			t.Errorf("%s: %s: %s", when, step.key, storagetest.Describe(err))
		}
		if found != want[step.key] && (step.key != next || found != then) {
			t.Errorf("%s: after %d acknowledgements %s is %q", when, acknowledged, step.key, found)
		}
	}
	if left := written(t, path); len(left) != 0 {
		t.Errorf("%s: left in incoming: %v", when, left)
	}
}

// readTrace gives the calls that came before each acknowledgement and after the
// one before it. A call counts when it has returned.
func readTrace(t *testing.T, log string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	calls, now, open := map[string][]string{}, []string{}, map[string]string{}
	ack := regexp.MustCompile(`write\(1<.*"ACK (\w+) (.*)\\n"`)
	for line := range strings.Lines(string(text)) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if begun, ok := strings.CutSuffix(call, " <unfinished ...>"); ok {
			open[pid] = begun
			continue
		}
		if _, end, ok := strings.Cut(call, "resumed>"); ok {
			call = open[pid] + end
		}
		if m := ack.FindStringSubmatch(call); m != nil {
			if m[2] != "<nil>" {
				t.Fatalf("%s: %s", m[1], m[2])
			}
			calls[m[1]], now = now, nil
			continue
		}
		now = append(now, call)
	}
	return calls
}

// killed writes objects of known content for as long as it lives, and says
// before and after what it does.
func killed() {
	seed, _ := strconv.ParseUint(os.Getenv(childSeed), 10, 64)
	s := openChild()
	for n := range 4 {
		go func() {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			for i := 0; ; i++ {
				key := fmt.Sprintf("w%d/k%d", n, random.IntN(6))
				version := i + 1
				var err error
				scope, end := abi.NewScope()
				switch kind := random.IntN(4); kind {
				case 0:
					version = 0
					say("TRY %s 0", key)
					_, err = s.Do(service.Call{}, storage.Delete{Key: key})
				case 1:
					say("TRY %s %d", key, version)
					var r storage.Result
					body := content(key, version)
					if r, err = s.Do(service.Call{Scope: scope}, storage.Start{Key: key, Metadata: mark(version), Body: body[:len(body)/2]}); err == nil {
						_, err = s.Do(service.Call{Scope: scope}, storage.Finish{Upload: r.Upload, Bytes: body[len(body)/2:]})
					}
				default:
					say("TRY %s %d", key, version)
					_, err = s.Do(service.Call{}, storage.Put{Key: key, Metadata: mark(version), Body: content(key, version)})
				}
				end()
				if err != nil {
					say("FAILED %v", err)
					return
				}
				say("DONE %s %d", key, version)
			}
		}()
	}
	select {}
}

func mark(version int) []storage.Field {
	return []storage.Field{{Name: "version", Value: strconv.Itoa(version)}}
}

func content(key string, version int) []byte {
	random := rand.New(rand.NewPCG(uint64(version), uint64(len(key))))
	return bytes.Repeat(fmt.Appendf(nil, "%s %d;", key, version), 1+random.IntN(20_000))
}

// TestKilledWhileWriting kills the child at random moments. What it said it had
// done is there and whole, unless it had begun to change it again; then it is
// the one or the other, whole too.
func TestKilledWhileWriting(t *testing.T) {
	rounds := 12
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") != "" {
		rounds = 100
	}
	path := filepath.Join(t.TempDir(), "store")
	state := map[string][]int{} // the versions that a key may have; 0: none
	acknowledged := 0
	for round := range rounds {
		cmd := child(t, "killed", path)
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", childSeed, round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(uint64(round), 7))
		lines, limit := bufio.NewScanner(out), random.IntN(200)
		var kill *time.Timer
		for n := 0; lines.Scan(); n++ {
			if n == limit { // at work; the moment itself is random
				kill = time.AfterFunc(time.Duration(random.IntN(5000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
			var verb, key string
			var version int
			if c, _ := fmt.Sscan(lines.Text(), &verb, &key, &version); c != 3 {
				if strings.HasPrefix(lines.Text(), "FAILED") {
					t.Fatal(lines.Text())
				}
				continue // cut by the end
			}
			// A version is of one child only, so number them on.
			if version > 0 {
				version += round * 1_000_000
			}
			if verb == "TRY" {
				if len(state[key]) == 0 {
					state[key] = []int{0}
				}
				state[key] = append(state[key], version)
			} else {
				state[key] = []int{version}
				acknowledged++
			}
		}
		if kill != nil {
			kill.Stop()
		}
		_ = cmd.Wait()
		inspect(t, path, round, state)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d acknowledged", acknowledged)
}

func inspect(t *testing.T, path string, round int, state map[string][]int) {
	t.Helper()
	s := open(t, path)
	listed := map[string]bool{}
	for _, e := range storagetest.Do(t, s, storage.List{}).Page.Entries {
		listed[e.Key] = true
	}
	if left := written(t, path); len(left) != 0 {
		t.Errorf("left in incoming: %v", left)
	}
	for key, versions := range state {
		result, err := s.Do(service.Call{}, storage.Get{Key: key})
		found := 0
		if err == nil {
			found, _ = strconv.Atoi(result.Object.Metadata[0].Value)
			if !bytes.Equal(result.Object.Body, content(key, found)) {
				t.Errorf("%s: version %d is not whole", key, found)
			}
		} else if service.ErrorOf(err).Message != "no object of that key" {
			t.Errorf("%s: %s", key, storagetest.Describe(err))
		}
		if listed[key] != (err == nil) {
			t.Errorf("%s: listed %v, but %s", key, listed[key], storagetest.Describe(err))
		}
		known := false
		for n, version := range versions {
			if version == found || version > 0 && version%1_000_000 == found {
				known = true
				state[key] = []int{versions[n]}
			}
		}
		if !known {
			t.Errorf("round %d: %s has version %d; %v were acknowledged or begun", round, key, found, versions)
		}
	}
	storagetest.Close(t, s)
}
