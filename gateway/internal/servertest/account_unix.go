//go:build unix

package servertest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"
)

func signalProcess(pid int, signal syscall.Signal) error { return syscall.Kill(pid, signal) }

// account is whose processes a server's are.
type account struct {
	uid, gid int
	other    bool // than that of the test
}

// postgresUser is somebody who is not root: PostgreSQL refuses that.
func postgresUser(t testing.TB) account {
	t.Helper()
	if uid := os.Getuid(); uid != 0 {
		return account{uid: uid, gid: os.Getgid()}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		return account{uid: uid, gid: gid, other: true}
	}
	t.Skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
	return account{}
}

func (a account) runs(cmd *exec.Cmd) {
	if a.other {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}}
	}
}

func (a account) owns(path string) error {
	if !a.other {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// Hang stops every process of the server without ending it.
func (p *PostgresServer) Hang() {
	p.Server.Hang()
	p.signalChildren(syscall.SIGSTOP)
}

// Continue lets them go on.
func (p *PostgresServer) Continue() {
	p.signalChildren(syscall.SIGCONT)
	p.Server.Continue()
}

func (p *PostgresServer) signalChildren(signal syscall.Signal) {
	for _, pid := range p.children() {
		_ = signalProcess(pid, signal)
	}
}
