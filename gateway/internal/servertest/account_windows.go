package servertest

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
)

func signalProcess(int, syscall.Signal) error { return errors.ErrUnsupported }

type account struct{ uid int }

func postgresUser(t testing.TB) account {
	t.Helper()
	t.Skip("PostgreSQL is not started on Windows by the tests")
	return account{}
}

func (account) runs(*exec.Cmd)    {}
func (account) owns(string) error { return nil }
