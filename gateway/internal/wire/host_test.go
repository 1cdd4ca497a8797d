package wire

import "testing"

var hostNames = []struct{ host, name string }{
	{"example.com", "example.com"},
	{"example.com:8080", "example.com"},
	{"EXAMPLE.Com", "example.com"},
	{"EXAMPLE.Com:1", "example.com"},
	{"example.com.", "example.com"},
	{"Example.com.:80", "example.com"},
	{"localhost", "localhost"},
	{"my_service-1:80", "my_service-1"},
	{"127.0.0.1:80", "127.0.0.1"},
	{"[::1]", "[::1]"},
	{"[2001:DB8::1]:65535", "[2001:db8::1]"},
	{"[::ffff:1.2.3.4]:0", "[::ffff:1.2.3.4]"},
}

func TestHostName(t *testing.T) {
	for _, c := range hostNames {
		host := []byte(c.host)
		if !ValidHost(host) {
			t.Errorf("%q is not valid", c.host)
		}
		if got := HostName(nil, host); string(got) != c.name {
			t.Errorf("HostName(%q) = %q, want %q", c.host, got, c.name)
		}
		if string(host) != c.host {
			t.Errorf("HostName(%q) changed its input to %q", c.host, host)
		}
	}
}

func TestValidHostRefuses(t *testing.T) {
	for _, host := range []string{
		"", ".", ".a", "a..b", "a..", " a", "a b", "a,b", "a, b", "a/b", "a?b", "a#b", "user@a", "user:pw@a", "a@b:80",
		"a\x00", "a\t", "a\x7f", "caf\xc3\xa9", "a%41", "a:", "a:b", "a:80b", "a:-1", "a:65536", "a:000080", "a:80:80", ":80", "::1",
		"[", "[]", "[::1", "::1]", "[::1]80", "[::1]:", "[::1]x:80", "[1.2.3.4]", "[a]", "[::1%eth0]", "[::1]]", "[[::1]]", "http://a",
	} {
		if ValidHost([]byte(host)) {
			t.Errorf("%q is taken as valid", host)
		}
	}
}

func TestHostAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 64)
	for _, host := range []string{"example.com:8080", "Example.COM."} {
		b := []byte(host)
		if n := testing.AllocsPerRun(100, func() { ValidHost(b); HostName(dst, b) }); n != 0 {
			t.Errorf("%q: %v allocations", host, n)
		}
	}
}

func FuzzHostName(f *testing.F) {
	for _, c := range hostNames {
		f.Add([]byte(c.host))
	}
	f.Fuzz(func(t *testing.T, host []byte) {
		name := HostName(nil, host)
		if !ValidHost(host) {
			return
		}
		if !ValidHost(name) || string(HostName(nil, name)) != string(name) {
			t.Fatalf("%q has the name %q, which is none", host, name)
		}
	})
}
