package admin

import (
	"errors"
	"net"
)

// SocketName is the unix socket in the data directory.
const SocketName = "admin.sock"

// ListenLocal is not for this system: what may open a unix socket cannot be
// told there by its mode.
func ListenLocal(string) (net.Listener, error) {
	return nil, errors.New("there is no unix socket for the admin API on Windows; use a key over TCP")
}

// InheritLocal has nothing to inherit here.
func InheritLocal(string, net.Listener) (net.Listener, error) { return nil, errors.ErrUnsupported }
