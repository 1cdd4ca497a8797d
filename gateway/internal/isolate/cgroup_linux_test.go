package isolate

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

func TestTheGatewaysControlGroupIsFound(t *testing.T) {
	const v2 = "25 20 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
	for _, test := range []struct{ name, cgroup, mounts, own, root string }{
		{"a service of systemd", "0::/system.slice/edge-gateway.service\n", v2, "/sys/fs/cgroup/system.slice/edge-gateway.service", "/sys/fs/cgroup"},
		{"a container with a namespace", "0::/\n", v2, "/sys/fs/cgroup", "/sys/fs/cgroup"},
		{"a container without", "0::/docker/abc/x\n", "1 2 0:3 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "/sys/fs/cgroup/x", "/sys/fs/cgroup"},
		{"of another container", "0::/docker/abc\n", "1 2 0:3 /docker/def /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "", ""},
		{"both versions", "9:memory:/x\n0::/y\n", "1 2 0:3 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n2 2 0:4 / /sys/fs/cgroup/unified rw - cgroup2 cgroup rw\n", "/sys/fs/cgroup/unified/y", "/sys/fs/cgroup/unified"},
		{"the first version alone", "9:memory:/x\n", "1 2 0:3 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "", ""},
		{"nothing", "", "", "", ""},
	} {
		own, root, err := groupIn(test.cgroup, test.mounts)
		if own != test.own || root != test.root || (err == nil) != (test.own != "") {
			t.Errorf("%s: %q, %q, %v", test.name, own, root, err)
		}
	}
}

// A folder stands in for a group here: what is written into its files is what a
// kernel would read.
func TestAGroupHasTheBoundsThatItsParentCanGive(t *testing.T) {
	for _, test := range []struct {
		name, controllers string
		limits            Limits
		want              []setting
		sentences         int
	}{
		{"all", "cpu memory pids\n", Limits{Memory: 1 << 20, CPU: 1.5}, []setting{
			{"memory.max", "34603008"}, {"memory.swap.max", "0"}, {"memory.oom.group", "1"}, {"cpu.max", "150000 100000"}, {"pids.max", "1024"}}, 3},
		{"no limits", "cpu memory pids\n", Limits{}, []setting{{"pids.max", "1024"}}, 1},
		{"one is missing", "cpu\n", Limits{Memory: 1, CPU: 1}, nil, 0},
		{"none", "\n", Limits{}, nil, 0},
	} {
		parent := t.TempDir()
		if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte(test.controllers), 0o600); err != nil {
			t.Fatal(err)
		}
		got, sentences, err := settingsIn(parent, test.limits)
		if !reflect.DeepEqual(got, test.want) || len(sentences) != test.sentences || (err == nil) != (test.want != nil) {
			t.Errorf("%s: %v, %q, %v", test.name, got, sentences, err)
		}
	}
}

func TestAGroupIsRemovedWithWhatIsLeftInIt(t *testing.T) {
	own, _, err := ownGroup()
	if err != nil {
		t.Skip(err)
	}
	g, err := makeGroup(own, nil)
	if err != nil {
		t.Skip("no group can be made here: ", err)
	}
	cmd := exec.Command("/bin/sh", "-c", "sleep 300 & echo started; wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(g.dir.Fd())}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		g.remove()
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Error(err)
	}
	inside, err := os.ReadFile(filepath.Join(g.dir.Name(), "cgroup.procs"))
	if err != nil || len(strings.Fields(string(inside))) != 2 {
		t.Errorf("%q, %v", inside, err)
	}
	name := g.dir.Name()
	done := make(chan struct{})
	go func() { // as the processes are waited for
		defer close(done)
		_ = cmd.Wait()
	}()
	g.remove()
	<-done
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Error(err)
	}
}
