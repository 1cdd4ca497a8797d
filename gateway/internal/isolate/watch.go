package isolate

import "time"

const (
	watchEvery = 200 * time.Millisecond

	// Calls hang that are in native code for so long past their deadline: one of
	// them, or so many that no request gets in any more.
	hangs       = 10 * time.Second
	hangsAsMany = time.Second

	// bare is more memory than a process has for itself that runs no handler.
	bare = 32 << 20
)

// watch ends the process when its calls hang, or when it has more memory than
// it may.
func (c *child) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.ended:
			return
		case now := <-tick.C:
			if why := c.passed(now); why != "" {
				c.m.log.Error("a handler's process is ended", "pid", c.pid(), "reason", why)
				c.kill()
				return
			}
		}
	}
}

// passed tells which bound was passed, if any.
func (c *child) passed(now time.Time) string {
	if c.remote.Overdue(now, hangs) > 0 || int64(c.remote.Overdue(now, hangsAsMany)) >= c.m.opts.MaxStuck() {
		c.hung.Store(true)
		return "calls do not return, long after their deadlines"
	}
	if most := c.m.opts.Limits.Memory; most > 0 && c.memory() > most+bare {
		return "it has more memory than it may"
	}
	return ""
}
