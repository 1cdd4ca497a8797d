package email_test

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
)

// receiver is where the mails of a life arrive.
type receiver struct {
	life
	copies func() map[string]int // by Message-ID
}

// newReceiver makes a new outbox; server is nil for a server of its own.
func newReceiver(t *testing.T, driver string, server *servertest.SMTP) receiver {
	t.Helper()
	r := receiver{life: life{Dir: filepath.Join(t.TempDir(), "mail"), Lease: 1200 * time.Millisecond, Workers: 2}}
	if driver == "transactions" {
		r.Database = filepath.Join(t.TempDir(), "db.sqlite")
	}
	if driver == "directory" {
		r.Folder = filepath.Join(t.TempDir(), "arrived")
		r.copies = func() map[string]int {
			copies := map[string]int{}
			for _, m := range emlFiles(t, r.Folder) {
				header, _, _ := parse(t, m.body) // whole, each of them
				copies[strings.Trim(header.Get("Message-Id"), "<>")]++
			}
			return copies
		}
		return r
	}
	if server == nil {
		server = servertest.StartSMTP(t, servertest.SMTPOptions{})
	}
	r.Port = server.Port
	r.copies = func() map[string]int {
		copies := map[string]int{}
		for _, m := range server.Mails() {
			header, _, _ := parse(t, m.Body)
			copies[strings.Trim(header.Get("Message-Id"), "<>")]++
		}
		return copies
	}
	return r
}

// check opens the outbox in this process once more and sees that everything
// that any life has acknowledged arrives, and that a second copy is there only
// of mails that some life handed over without hearing or noting that it was taken.
func (r receiver) check(t *testing.T, lives []*child) (acknowledged, doubled int) {
	t.Helper()
	s, database, err := r.open(slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer closeDatabase(t, database)
	defer stop(t, s)
	acks, open := map[string]bool{}, map[string]int{}
	for _, c := range lives {
		maps.Copy(acks, c.told("ack"))
		taken, noted := c.told("smtp.taken"), c.told("noted")
		for id := range c.told("smtp.written") {
			if !taken[id] || !noted[id] {
				open[id]++
			}
		}
	}
	for id := range acks {
		until(t, 15*time.Second, "the mail is settled", func() bool {
			result, err := do(s, email.Request{State: id})
			// Forgotten is fine where mails are forgotten.
			return err == nil && result.State.Phase == email.Delivered || err != nil && r.Keep > 0
		})
	}
	copies := r.copies()
	for id := range acks {
		if copies[id] == 0 {
			t.Errorf("mail %s was acknowledged and is lost", id)
		}
	}
	begun := map[string]bool{} // the server may have mails of others
	for _, c := range lives {
		maps.Copy(begun, c.told("put.begun"))
	}
	for id, n := range copies {
		if !begun[id] {
			continue
		}
		if n > 1 {
			doubled++
		}
		if n > 1+open[id] {
			t.Errorf("mail %s arrived %d times, and %d lives ended between handing it over and noting that", id, n, open[id])
		}
	}
	return len(acks), doubled
}

func closeDatabase(t *testing.T, database *service.Handle) {
	if db := database.Set(nil); db != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}

// TestKilledAtEveryStep kills the process at each durable step.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	steps := []string{
		"put.begun", "put.written", "put.committed", "turn.begun", "turn.written", "leased", "deliver.begun",
		"deliver.ended", "noted", "purge.begun", "purge.done",
	}
	drivers := map[string][]string{
		"transactions": {"move.read", "put.begun", "put.written", "put.committed", "move.stored", "move.deleted", "leased", "noted", "smtp.taken"},
		"directory":    append(slices.Clone(steps), "file.written", "file.synced", "file.renamed"),
		"smtp":         append(slices.Clone(steps), "smtp.connected", "smtp.addressed", "smtp.written", "smtp.taken"),
	}
	// At these the one worker has no mail that the server has and that is not
	// noted. At the others it may, and check counts.
	alone := []string{"leased", "deliver.begun", "noted", "smtp.connected", "smtp.addressed", "smtp.written"}
	for driver, steps := range drivers {
		t.Run(driver, func(t *testing.T) {
			server := servertest.StartSMTP(t, servertest.SMTPOptions{})
			// Most of the time is waiting for leases to end.
			var all sync.WaitGroup
			defer all.Wait()
			turns := make(chan struct{}, 5)
			for _, step := range steps {
				turns <- struct{}{}
				all.Go(func() {
					t.Run(step, func(t *testing.T) {
						defer func() { <-turns }()
						r := newReceiver(t, driver, server)
						l := r.life
						l.Workers, l.Mails, l.KillAt, l.KillTime = 1, 8, step, 3
						if strings.HasPrefix(step, "purge") {
							l.Keep, l.KillTime = time.Millisecond, 2
							r.Keep = l.Keep
						}
						c := l.start(t)
						err := c.wait()
						if err == nil || !c.told("dies")[step] {
							t.Fatalf("the child has not reached the step: %v\n%s\n%s", err, strings.Join(c.lines, "\n"), c.err.String())
						}
						_, doubled := r.check(t, []*child{c})
						if doubled > 0 && slices.Contains(alone, step) {
							t.Errorf("%d mails arrived twice", doubled)
						}
						if step == "smtp.taken" && doubled != 1 {
							t.Errorf("%d mails arrived twice: the test does not see it", doubled)
						}
					})
				})
			}
		})
	}
}

// TestKilledAtRandom kills process after process over the same outbox.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	defer all.Wait()
	for driver, kills := range map[string]int{"smtp": 100, "directory": 20, "transactions": 30} {
		all.Go(func() {
			t.Run(driver, func(t *testing.T) {
				r := newReceiver(t, driver, nil)
				r.Lease = 4 * time.Second // the machine may be busy
				l := r.life
				l.Mails = 1000
				var lives []*child
				for n := range kills {
					c := l.start(t)
					// Half of them while they begin, half with something at stake for sure.
					if step := []string{"open", "ack"}[n%2]; !c.until(step) {
						t.Fatalf("the child does not come to %q: %v\n%s", step, c.wait(), c.err.String())
					}
					time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond) // the random moment
					_ = c.cmd.Process.Kill()
					_ = c.wait()
					lives = append(lives, c)
				}
				acknowledged, doubled := r.check(t, lives)
				if acknowledged < kills/2 {
					t.Errorf("only %d mails were acknowledged", acknowledged)
				}
				t.Logf("%d kills, %d mails acknowledged, %d of them arrived more than once", kills, acknowledged, doubled)
			})
		})
	}
}

// TestLeaseExpires: a mail that a killed process was delivering is delivered by
// another one when the lease has run out, and not before.
func TestLeaseExpires(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, "smtp", nil)
	l := r.life
	l.Lease = 2 * time.Second
	l.Mails, l.KillAt, l.KillTime = 1, "smtp.addressed", 1
	began := time.Now()
	c := l.start(t)
	_ = c.wait()
	if len(c.told("ack")) != 1 {
		t.Skip("killed before the acknowledgement; nothing to see")
	}
	s, _, err := l.open(slog.New(slog.NewTextHandler(testLog{t}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, s)
	for id := range c.told("ack") {
		st := state(t, s, id)
		if st.Phase != email.Queued || st.Next.Before(began.Add(l.Lease)) {
			t.Errorf("after the kill: %+v", st)
		}
		settled(t, s, id, email.Delivered)
		if now := time.Now(); now.Before(st.Next) {
			t.Errorf("delivered %v before the lease was over", st.Next.Sub(now))
		}
		if n := r.copies()[id]; n != 1 {
			t.Errorf("it arrived %d times", n)
		}
	}
}

// TestTwoProcesses: two processes over one outbox deliver each mail once.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, "smtp", nil)
	l := r.life
	l.Lease = 20 * time.Second
	l.Mails = 60
	children := []*child{l.start(t), l.start(t)}
	delivered := make([]int, len(children))
	for n, c := range children {
		if err := c.wait(); err != nil {
			t.Fatalf("%v\n%s", err, c.err.String())
		}
		delivered[n] = len(c.told("smtp.taken"))
	}
	acknowledged, doubled := r.check(t, children)
	if acknowledged != 120 || doubled != 0 {
		t.Errorf("%d mails acknowledged, %d arrived more than once", acknowledged, doubled)
	}
	if delivered[0] == 0 || delivered[1] == 0 {
		t.Errorf("one process delivered all: %v", delivered)
	}
}
