package abi

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"
)

func newMemory(t testing.TB, limit int64) *Memory {
	t.Helper()
	m, err := NewMemory(limit)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestClassOfHoldsTheSize(t *testing.T) {
	for _, n := range []uint64{0, 1, minBlock - 1, minBlock, minBlock + 1, 4 * minBlock, 4*minBlock + 1, 8 << 20, 1 << 30} {
		b := block{class: classOf(n)}
		if uint64(b.size()) < n {
			t.Errorf("a block for %d bytes has %d", n, b.size())
		}
		if b.class > 0 && uint64(b.size()/4) >= n {
			t.Errorf("a block for %d bytes has %d, and %d would do", n, b.size(), b.size()/4)
		}
	}
}

func TestMemoryRefusesBlocksOverItsLimit(t *testing.T) {
	m := newMemory(t, 3*minBlock)
	f, err := m.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, _, err := f.addBlock(minBlock, f.generation()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := f.addBlock(1, f.generation()); !errors.Is(err, ErrMemory) {
		t.Fatalf("error %v, want ErrMemory", err)
	}
	f.Release()
	if used := m.Used(); used != 0 {
		t.Fatalf("%d bytes in use after the release", used)
	}
}

func TestFrameKeepsWhatItIsGiven(t *testing.T) {
	m := newMemory(t, 1<<30)
	f, err := m.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	body := bytes.Repeat([]byte{0, 1, 2, 255}, 1<<20)
	for n := range MaxHeaders {
		if err := f.AddHeader([]byte{'h', byte(n)}, bytes.Repeat([]byte{byte(n)}, 500)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.SetText(TextPath, []byte("/p")), f.AddParam([]byte("k"), []byte("v")), f.SetBody(body)); err != nil {
		t.Fatal(err)
	}
	f.SetMeta(time.Unix(1, 0), time.Unix(2, 0))
	if f.Headers() != MaxHeaders || f.Params() != 1 || string(f.Text(TextPath)) != "/p" || !bytes.Equal(f.Body(), body) {
		t.Fatal("the frame holds something else")
	}
	for n := range MaxHeaders {
		if name, value := f.Header(n); name[1] != byte(n) || len(value) != 500 || value[499] != byte(n) {
			t.Fatalf("header %d is %q: %q", n, name, value)
		}
	}
}

// What a thread of a library brings for a request that is over must not lie in
// the memory of the one that has the frame now.
func TestResultsOfARequestThatIsOverGetNoRoom(t *testing.T) {
	m := newMemory(t, 1<<20)
	f, err := m.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	place := func(generation uint64) (uintptr, error) {
		return f.placeResult(&Failure{}, 128, generation, &Room{})
	}
	over := f.generation()
	f.Release()
	if _, err := place(over); !errors.Is(err, ErrStale) {
		t.Errorf("in a frame that is idle: %v", err)
	}
	for next := (*Frame)(nil); next != f; {
		if next, err = m.Acquire(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := place(f.generation()); err != nil {
		t.Fatal(err)
	}
	if _, err := place(over); !errors.Is(err, ErrStale) {
		t.Errorf("beside results of the next request: %v", err)
	}
}

// The pool is lock-free; this is for the race detector, and for two owners of
// one frame, which the mark would show.
func TestFramesHaveOneOwnerUnderLoad(t *testing.T) {
	m := newMemory(t, 1<<30)
	var tokens sync.Map
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 3000 {
				f, err := m.Acquire()
				if err != nil {
					t.Error(err)
					return
				}
				if _, used := tokens.LoadOrStore(f.Token(), true); used {
					t.Errorf("token %x was given out twice", f.Token())
				}
				f.req.Received = int64(f.Token())
				if err := f.SetText(TextHost, []byte("x")); err != nil {
					t.Error(err)
				}
				if f.req.Received != int64(f.Token()) {
					t.Error("two owners of one frame")
				}
				f.Release()
			}
		})
	}
	all.Wait()
	if n := m.InFlight(); n != 0 {
		t.Fatalf("%d frames are lent", n)
	}
}
