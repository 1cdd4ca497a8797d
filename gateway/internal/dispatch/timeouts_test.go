package dispatch

import (
	"net"
	"testing"
	"time"
)

// fakeConn reads and writes everything at once, and keeps its deadlines.
type fakeConn struct {
	net.Conn
	during      func() // while a read or write is under way
	read, write time.Time
}

func (f *fakeConn) Read(p []byte) (int, error)         { f.during(); return len(p), nil }
func (f *fakeConn) Write(p []byte) (int, error)        { f.during(); return len(p), nil }
func (f *fakeConn) SetReadDeadline(t time.Time) error  { f.read = t; return nil }
func (f *fakeConn) SetWriteDeadline(t time.Time) error { f.write = t; return nil }
func (f *fakeConn) SetDeadline(t time.Time) error      { f.read, f.write = t, t; return nil }

func TestAReadOrWriteThatIsDoneWhenTheScannerCallsItLateCounts(t *testing.T) {
	for name, use := range map[string]func(*conn) (int, error){
		"read":  func(c *conn) (int, error) { return c.Read(make([]byte, 8)) },
		"write": func(c *conn) (int, error) { return c.Write(make([]byte, 8)) },
	} {
		fake := &fakeConn{}
		c := &conn{Conn: fake, d: &Dispatcher{}}
		c.readBy, c.writeBy = 1000, 1000
		seen := 0
		fake.during = func() {
			c.expire(1000) // not late yet
			if !fake.read.IsZero() || !fake.write.IsZero() {
				t.Errorf("%s: failed before its time", name)
			}
			c.expire(1001)
			if fake.read.IsZero() == fake.write.IsZero() {
				t.Errorf("%s: deadlines %v, %v while it is late", name, fake.read, fake.write)
			}
			seen++
		}
		if n, err := use(c); n != 8 || err != nil || seen != 1 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if !fake.read.IsZero() || !fake.write.IsZero() {
			t.Errorf("%s: the next one would fail", name)
		}
		c.expire(1 << 62)
		if !fake.read.IsZero() || !fake.write.IsZero() {
			t.Errorf("%s: failed with nothing under way", name)
		}
	}
}
