package confine

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Exit codes of a child that could not start the program, as a shell has them;
// a program that was ended by a signal is 128 and the signal's number.
const (
	exitNotConfined = 125
	exitNotStarted  = 126
	exitSignalled   = 128
)

// child is this program started again: it confines a thread of its own, starts
// the program from it, and stays the parent of all that loses its own. The rest
// of it is not confined, so that the program cannot reach it.
func child(text string) int {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintln(os.Stderr, "confine:", err)
		return exitNotConfined
	}
	if o.Path == "" { // the question whether namespaces work
		if err := hide(Policy{Hide: []string{"/tmp"}}); err != nil {
			return exitNotConfined
		}
		return 0
	}
	keepDescriptors()
	reached, err := confineProcess(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "confine:", err)
		return exitNotConfined
	}
	pid, err := start(o, reached)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitNotStarted
	}
	go func() { // until the process ends
		_, _ = io.Copy(io.Discard, os.NewFile(lifelineFD, "lifeline"))
		endDescendants()
		os.Exit(exitSignalled + int(unix.SIGKILL))
	}()
	code := wait(pid)
	endDescendants()
	return code
}

// keepDescriptors lets the program have the standard descriptors alone: others
// may have come here from libraries that this program's parent has loaded.
func keepDescriptors() {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// confineProcess does what holds for all threads.
func confineProcess(o order) (reached []string, err error) {
	// Others first, if the processor or the memory is short.
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become the parent of orphans: %w", err)
	}
	if o.Namespaces {
		if err := hide(o.Policy); err != nil {
			return nil, err
		}
		reached = append(reached, "namespaces")
		if !o.Policy.Network {
			reached = append(reached, "no-network")
		}
	}
	if n := o.Policy.Limits.Processes; n > 0 && o.Namespaces {
		limitTasks(n)
	}
	if setLimits(o.Policy.Limits) {
		reached = append(reached, "rlimits")
	}
	return reached, nil
}

// start confines a thread, tells what was reached, and starts the program from
// that thread, of which it has all restrictions.
func start(o order, reached []string) (pid int, err error) {
	offMainThread(func() {
		reached = append(reached, confineThread(o)...)
		report, _ := json.Marshal(reached)
		file := os.NewFile(reportFD, "report")
		_, _ = file.Write(report)
		file.Close()
		var process *os.Process
		process, err = os.StartProcess(o.Path, o.Args, &os.ProcAttr{
			Dir: o.Dir, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		})
		if err == nil {
			pid = process.Pid
		}
	})
	return pid, err
}

// offMainThread calls f on a thread that ends with it and is not the one that
// stands for the process: a signal to the process asks that one's domain.
func offMainThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if unix.Gettid() == unix.Getpid() {
			offMainThread(f)
			return
		}
		f()
	}()
	<-done
}

// wait reaps all children until the program has ended.
func wait(pid int) (code int) {
	for {
		var status unix.WaitStatus
		ended, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return exitNotStarted // it was there a moment ago
		case ended == pid && status.Signaled():
			return exitSignalled + int(status.Signal())
		case ended == pid && status.Exited():
			return status.ExitStatus()
		}
	}
}

// endDescendants kills what the program left behind. The first process of a
// namespace takes all others with it. Elsewhere they are looked for until there
// are none: whoever is left has an ancestor that is a child of this process.
func endDescendants() {
	if unix.Getpid() == 1 {
		return
	}
	for range 10_000 { // some seconds; none of them may be killed while it waits for a disk
		for _, p := range descendants(unix.Getpid()) {
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
		for {
			ended, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if err == unix.ECHILD {
				return
			}
			if ended <= 0 && err != unix.EINTR {
				break
			}
		}
		time.Sleep(time.Millisecond) // they need a moment to end
	}
}
