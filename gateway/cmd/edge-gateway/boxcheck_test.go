//go:build unix

package main

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// checkAnswers has every endpoint answer over HTTP what it is to answer.
func (b *box) checkAnswers() {
	b.Helper()
	w := b.world()
	for _, name := range residents {
		got, err := visit(b.now.address, "/"+name)
		if may := w.answersOf(name); err != nil || !slices.Contains(may, string(got)) {
			b.Errorf("%s answers %q, %v, and not %q", name, got, err, may)
		}
	}
}

// checkTokens has every key that was told open the door.
func (b *box) checkTokens() {
	b.Helper()
	for name := range b.world().Keys {
		if token := b.tokens[name]; token != "" && b.authenticates(token) != 200 {
			b.Errorf("the token of key %s is of no use", name)
		}
	}
}

func (b *box) authenticates(token string) (status int) {
	b.Helper()
	request, err := http.NewRequest("GET", "http://"+b.now.admin+"/api/v1/endpoints", nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// kept is what may lie in a data directory where nothing is under way.
var kept = regexp.MustCompile(`^(admin\.sock|lock|secret\.key|state\.lock|state\.db(-wal|-shm|\.backup-[0-9]+)?` +
	`|crashes/[^/]+\.json|versions/[0-9a-f]{64}\.so|sources/[0-9a-f]{64}\.tar|builds/[0-9a-f-]+\.log|logs/.*` +
	`|build/lib/[0-9a-f]{64}\.so|build/(sdk|stage)/.*|build/cargo.*|build/.*lock` +
	// Of builds that were killed; see [box.cleans].
	`|build/tmp/.*|build/lib/\.library-.*)$`)

// checkFiles looks for what nobody needs any more, and for processes that
// nobody waits for.
func (b *box) checkFiles() {
	b.Helper()
	logs := map[string]bool{}
	for _, build := range items[model.Build](b, "/api/v1/builds") {
		logs["builds/"+build.ID+".log"] = true
	}
	// What was at work when the process before was killed ends by itself, and
	// what this one has begun in the background does.
	var left []string
	deadline := time.Now().Add(10 * time.Second)
	for first := true; first || len(left) > 0 && time.Now().Before(deadline); first = false {
		if !first {
			time.Sleep(10 * time.Millisecond)
		}
		left = b.strays()
		err := filepath.WalkDir(b.data, func(path string, entry fs.DirEntry, err error) error {
			name := strings.TrimPrefix(path, b.data+"/")
			if err != nil || entry.IsDir() && !strings.HasPrefix(name, "scratch/") && name != ".sock" {
				return err
			}
			if !kept.MatchString(name) || strings.HasPrefix(name, "builds/") && !logs[name] {
				left = append(left, name)
			}
			return nil
		})
		if err != nil {
			left = append(left, err.Error())
		}
	}
	if len(left) > 0 {
		b.Errorf("this is left: %q", left)
	}
}

// cleans has a gateway remove what builds that were killed have left, once that
// is old enough.
func (b *box) cleans() {
	b.Helper()
	within(b.T, 10*time.Second, "what the killed process had started ends", func() bool { return len(b.strays()) == 0 })
	b.age("build/tmp/*")
	b.age("build/lib/.*")
	b.mustStart()
	b.settle()
	for _, pattern := range []string{"build/tmp/*", "build/lib/.*"} {
		if left, _ := filepath.Glob(filepath.Join(b.data, pattern)); len(left) > 0 {
			b.Errorf("this is left: %q", left)
		}
	}
	b.stop()
}

// strays are processes that work in the data directory beside the gateway.
func (b *box) strays() (found []string) {
	if runtime.GOOS != "linux" {
		return nil
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range processes {
		if filepath.Base(dir) == strconv.Itoa(b.now.Process.Pid) {
			continue
		}
		cwd, _ := os.Readlink(filepath.Join(dir, "cwd"))
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		environment, _ := os.ReadFile(filepath.Join(dir, "environ"))
		if strings.Contains(cwd+" "+string(command)+" "+string(environment), b.data) {
			found = append(found, "process "+filepath.Base(dir)+": "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}
