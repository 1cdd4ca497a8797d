package trial

import (
	"os"
	"os/exec"

	"golang.org/x/sys/windows"
)

// group is a child and all its descendants: a job object that ends them when it
// is terminated or closed.
type group struct {
	cmd *exec.Cmd
	job windows.Handle
}

func newGroup(cmd *exec.Cmd) (*group, error) {
	job, err := windows.CreateJobObject(nil, nil)
	return &group{cmd, job}, err
}

// started puts the child into the job object. It waits for its orders, and has
// started nothing yet.
func (g *group) started() {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(g.cmd.Process.Pid))
	if err != nil {
		return // kill ends the child alone
	}
	defer windows.CloseHandle(process)
	_ = windows.AssignProcessToJobObject(g.job, process)
}

func (g *group) close() { windows.CloseHandle(g.job) }

func (g *group) kill() error {
	_ = windows.TerminateJobObject(g.job, 1)
	return g.cmd.Process.Kill()
}

// killGroup ends the calling child. The job object ended with its parent.
func killGroup() { os.Exit(1) }

// takeStandard moves standard input and output out of the way of a library,
// which finds an empty input and prints to standard error. Its C library asks
// for these handles when it is loaded.
func takeStandard() (in, out *os.File, err error) {
	empty, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	in, out = os.Stdin, os.Stdout
	if err = windows.SetStdHandle(windows.STD_INPUT_HANDLE, windows.Handle(empty.Fd())); err == nil {
		err = windows.SetStdHandle(windows.STD_OUTPUT_HANDLE, windows.Handle(os.Stderr.Fd()))
	}
	os.Stdin, os.Stdout = empty, os.Stderr
	return in, out, err
}

// endingOf tells with which status a process ended.
func endingOf(state *os.ProcessState) (signal string, status int) { return "", state.ExitCode() }
