package worker

import (
	"errors"
	"net"
	"os"
	"os/exec"

	"github.com/edge-gateway/edge-gateway/abi"
)

// Supported tells whether a process can inherit listeners here.
const Supported = false

var errUnsupported = errors.New("on this system a process cannot inherit a listener: serve in a single one")

type ends struct{ conn, lines, crash, printed *os.File }

func (ends) close() {}

func spawn(*abi.Recorder, []*os.File) (*exec.Cmd, ends, error) {
	return nil, ends{}, errUnsupported
}
func inheritable([]net.Listener) ([]*os.File, error) { return nil, errUnsupported }
func inherit(int, string) (*os.File, error)          { return nil, errUnsupported }
func inheritOrders(int) (*os.File, error)            { return nil, errUnsupported }
func inheritBlocking(fd int, name string) *os.File   { return os.NewFile(uintptr(fd), name) }
func writeNow(uintptr, []byte) int                   { return 0 }

type descriptors struct{}

func (*descriptors) add(string, int) error { return errUnsupported }
func (descriptors) lost() error            { return errUnsupported }

type umask struct{}

func currentUmask() (u umask) { return u }
func (umask) putBack()        {}

var deaf = []os.Signal{os.Interrupt}
