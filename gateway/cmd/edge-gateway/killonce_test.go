//go:build unix

package main

import (
	"fmt"
	"strings"
	"testing"
)

// A request that is sent again under its idempotency key, because a process was
// killed before it could answer, is not done twice.
func TestAKillDoesNotHaveARequestDoneTwice(t *testing.T) {
	for _, step := range changeSteps {
		for n := 1; ; n++ {
			b := newBox(t)
			b.mustStart(b.failing(fmt.Sprintf("%s:%d", step, n)))
			b.createEndpoint("e0")
			for _, text := range []string{"version-0001", "version-0002", "version-0003"} {
				b.upload("e0", text)
				b.deploy("e0", text)
			}
			rollback := func() (status int, answer []byte, err error) {
				return b.ask("POST", "/api/v1/endpoints/e0/rollback", "", nil, "Idempotency-Key", "once")
			}
			back := b.world().with(func(w *world) { switched(w, "e0", "rollback", "version-0002") })
			b.maybe(b.world(), back)
			b.arm()
			status, answer, err := rollback()
			if err == nil {
				if status != 200 {
					t.Errorf("%d %s", status, answer)
				}
				b.kill()
				if n == 1 {
					t.Errorf("it does not die at %s", step)
				}
				break
			}
			b.died()
			b.mustStart()
			b.settle()
			done := b.world().String() == back.String()
			status, answer, err = rollback()
			if err != nil || status != 200 && (!done || !strings.Contains(string(answer), "was done")) {
				t.Errorf("at %s:%d: done %v, and again: %d %s, %v", step, n, done, status, answer, err)
			}
			b.maybe(back)
			b.settle()
		}
	}
}
