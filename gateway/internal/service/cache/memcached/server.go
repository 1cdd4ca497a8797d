package memcached

import (
	"fmt"
	"hash/crc32"
	"net"
	"strings"
)

// server is the address of one, host:port or the path of a socket. It is looked
// up anew for each connection.
type server string

func (s server) Network() string {
	if strings.Contains(string(s), "/") {
		return "unix"
	}
	return "tcp"
}

func (s server) String() string { return string(s) }

func parseServer(address string) (server, error) {
	if s := server(address); s.Network() == "unix" {
		return s, nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return "", fmt.Errorf("memcached server %q: must be host:port or the path of a socket", address)
	}
	return server(address), nil
}

// servers share the keys, as gomemcache itself would share them. They implement
// memcache.ServerSelector.
type servers []server

func (s servers) PickServer(key string) (net.Addr, error) {
	if len(s) == 1 {
		return s[0], nil
	}
	return s[crc32.ChecksumIEEE([]byte(key))%uint32(len(s))], nil
}

func (s servers) Each(f func(net.Addr) error) error {
	for _, one := range s {
		if err := f(one); err != nil {
			return err
		}
	}
	return nil
}
