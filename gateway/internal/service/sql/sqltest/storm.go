package sqltest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// storm has requests do everything at once: with deadlines, cancelled, answered
// in the middle. Each operation has one outcome, a committed transaction is
// whole, and in the end no worker is busy.
func storm(t *testing.T, open func(t *testing.T, change ...func(*service.Spec)) *sql.Service) {
	s := open(t, func(s *service.Spec) { s.Options["tx_idle"], s.Mailbox = 20*time.Millisecond, 1024 })
	outside, table := fresh(t, s, "tx bigint, n integer")
	var sent, ended, committed atomic.Int64
	submit := func(scope *abi.Scope, deadline time.Time, r sql.Request, done func(error)) (cancel func()) {
		sent.Add(1)
		var once atomic.Bool
		return s.Submit(service.Call{Scope: scope, Deadline: deadline}, r, func(_ sql.Result, err error) {
			if !once.CompareAndSwap(false, true) {
				t.Error("an operation ended twice")
			}
			ended.Add(1)
			done(err)
		})
	}
	insert := func(tx, n int) sql.Request {
		return sql.Do("insert into "+table+" values ($1, $2)", sql.Int64(int64(tx)), sql.Int64(int64(n)))
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 1))
			for k := range 60 {
				scope, end := abi.NewScope()
				tx := g*1000 + k
				deadline := time.Now().Add(time.Duration(1+random.IntN(40)) * time.Millisecond)
				if random.IntN(2) == 0 {
					deadline = time.Time{}
				}
				list := []sql.Request{{Op: sql.OpBegin}, insert(tx, 1), insert(tx, 2)}
				switch random.IntN(4) {
				case 0:
					list = append(list, sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: fmt.Sprintf(numbers, 10), Page: 3}}})
				case 1:
					list = append(list, sql.Do("select 1", sql.Value{Type: 99}))
				case 2:
					list = append(list, sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "select 1"}, {Text: "select 2"}}})
				}
				list = append(list, sql.Request{Op: sql.OpCommit}, sql.Do("select 1"))
				var waits sync.WaitGroup
				waits.Add(len(list))
				for n, r := range list {
					cancel := submit(scope, deadline, r, func(err error) {
						if r.Op == sql.OpCommit && err == nil {
							committed.Add(1)
						}
						waits.Done()
					})
					if random.IntN(20) == 0 {
						cancel()
					}
					if n == 2 && random.IntN(10) == 0 {
						end()
					}
					if random.IntN(15) == 0 {
						time.Sleep(25 * time.Millisecond) // longer than tx_idle
					}
				}
				waits.Wait()
				end()
			}
		})
	}
	all.Wait()
	if sent.Load() != ended.Load() {
		t.Errorf("%d operations, %d outcomes", sent.Load(), ended.Load())
	}
	waitFor(t, func() bool { return s.Stats().Busy == 0 })
	if n := outside.Number("select count(*) from (select tx from " + table + " group by tx having count(*) <> 2) as broken"); n != 0 {
		t.Errorf("%d transactions are there in part", n)
	}
	if n := outside.Number("select count(distinct tx) from " + table); n < committed.Load() || committed.Load() == 0 {
		t.Errorf("%d transactions are there, %d were acknowledged", n, committed.Load())
	}
}
