package dispatch

import (
	"net"
	"os"
	"testing"
	"time"
)

// fakeConn reads and writes at once, unless the deadline has passed.
type fakeConn struct {
	net.Conn
	during      func() // while a read or write is under way
	read, write time.Time
}

func (f *fakeConn) SetReadDeadline(t time.Time) error  { f.read = t; return nil }
func (f *fakeConn) SetWriteDeadline(t time.Time) error { f.write = t; return nil }
func (f *fakeConn) Read(p []byte) (int, error)         { return f.move(p, &f.read) }
func (f *fakeConn) Write(p []byte) (int, error)        { return f.move(p, &f.write) }

func (f *fakeConn) move(p []byte, deadline *time.Time) (int, error) {
	f.during()
	if !deadline.IsZero() {
		return 0, os.ErrDeadlineExceeded
	}
	return len(p), nil
}

func TestTheScannerFailsOnlyWhatIsLate(t *testing.T) {
	fake := &fakeConn{during: func() {}}
	c := &conn{Conn: fake, d: &Dispatcher{}}
	move := map[string]func() error{
		"read":  func() error { _, err := c.Read(make([]byte, 8)); return err },
		"write": func() error { _, err := c.Write(make([]byte, 8)); return err },
	}
	for name, do := range move {
		c.readBy, c.writeBy = 1000, 1000
		fake.during = func() { c.expire(c.phase(), 1000) }
		if err := do(); err != nil {
			t.Errorf("%s in time: %v", name, err)
		}
		// The bound that is left behind is no longer anybody's.
		c.expire(c.phase(), 1001)
		fake.during = func() {}
		if err := do(); err != nil {
			t.Errorf("%s after a bound passed in between: %v", name, err)
		}
		fake.during = func() { c.expire(phaseNative, 1001) }
		if err := do(); err != nil {
			t.Errorf("%s beside native code: %v", name, err)
		}
		fake.during = func() { c.expire(c.phase(), 1001) }
		if err := do(); err == nil {
			t.Errorf("%s that is late succeeds", name)
		}
	}
}
