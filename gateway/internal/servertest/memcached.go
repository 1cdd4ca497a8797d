package servertest

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// Memcached starts a memcached server; args are more of its options.
func Memcached(t testing.TB, args ...string) *Server {
	t.Helper()
	program := Need(t, "apt-get install memcached", "memcached")
	port := Port(t)
	address := Loopback(port)
	args = append([]string{"-l", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "0", "-t", "1"}, args...)
	if os.Geteuid() == 0 {
		args = append(args, "-u", "nobody")
	}
	return Launch(t, address, func() *exec.Cmd { return exec.Command(program, args...) }, Dialing(address))
}
