package abi

import "sync/atomic"

// faultRing is where a thread notes, in the moment of a fault, where it stands.
// Most of what ends a process is told by the runtime too; but not what happens
// on a thread that a library has made, nor the end by exit(), and never what is
// on the stack.
//
// Faults that are recovered from are noted as well, so the ring begins anew
// after its last record. Where two threads are at it at once each has its own.
type faultRing struct {
	count atomic.Uint32 // of faults, since the process began
	_     [60]byte
	fault [8]faultRecord
}

// faultRecord is one fault. What is written last is its signal.
type faultRecord struct {
	signal    atomic.Uint64 // 0 means that the rest says nothing; signalExit is no signal
	pc        uint64
	address   uint64
	depth     int64 // bytes of the stack that could be copied, if it is positive
	sp        uint64
	registers [34]uint64 // as many as the processor has
	_         [8]byte
	stack     [256]uint64 // from sp on
}

// signalExit stands for a call of exit().
const signalExit = 1000

// RecordedFault is where a thread stood when it had a fault, or called exit().
type RecordedFault struct {
	Signal      int // 0 at exit()
	PC, Address uint64
	Registers   []Register
	Stack       []uint64 // the words from the stack pointer on, as far as they were kept
}

// Register is a register of the processor.
type Register struct {
	Name  string
	Value uint64
}

// faults are what the ring holds, the last one last.
func (r *faultRing) faults() (all []RecordedFault) {
	count := r.count.Load()
	kept := uint32(len(r.fault))
	for n := count - min(count, kept); n != count; n++ {
		f := &r.fault[n%kept]
		signal := f.signal.Load()
		if signal == 0 {
			continue
		}
		fault := RecordedFault{Signal: int(signal & 0xffff), PC: f.pc, Address: f.address}
		if signal == signalExit {
			fault.Signal = 0
		} else {
			for i, name := range registerNames {
				fault.Registers = append(fault.Registers, Register{name, f.registers[i]})
			}
		}
		words := min(max(f.depth, 0)/8, int64(len(f.stack)))
		fault.Stack = append(fault.Stack, f.stack[:words]...)
		all = append(all, fault)
	}
	return all
}
