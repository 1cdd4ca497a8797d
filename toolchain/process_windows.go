package toolchain

import (
	"os/exec"

	"golang.org/x/sys/windows"
)

// group is a process and all its descendants: a job object that ends them when
// it is terminated or closed.
type group struct {
	cmd *exec.Cmd
	job windows.Handle
}

func newGroup(cmd *exec.Cmd) (*group, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	return &group{cmd, job}, nil
}

// started puts the process into the job object. What it started in the
// microseconds before is not in it.
func (g *group) started() {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(g.cmd.Process.Pid))
	if err != nil {
		return // kill falls back to the process alone
	}
	defer windows.CloseHandle(process)
	_ = windows.AssignProcessToJobObject(g.job, process)
}

func (g *group) close() { windows.CloseHandle(g.job) }

func (g *group) kill() error {
	_ = windows.TerminateJobObject(g.job, 1)
	return g.cmd.Process.Kill()
}
