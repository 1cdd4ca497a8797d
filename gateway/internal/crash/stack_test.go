//go:build linux

package crash

import (
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
)

// Words that earlier calls have left on the stack may come before those of the
// call that has ended the process.
func TestWhatEarlierCallsLeftOnTheStackIsNoEvidence(t *testing.T) {
	path, err := faultsLibrary()
	if err != nil {
		t.Fatal(err)
	}
	code := readCode(path)
	if len(code.executable) == 0 {
		t.Fatal("the library has no code")
	}
	offset := code.executable[0].Vaddr - code.lowest + 16
	const size = 1 << 20
	libraries := []abi.RecordedLibrary{
		{Number: 1, Endpoint: "earlier", Version: versionOf("earlier"), Lo: size, Hi: 2 * size},
		{Number: 2, Endpoint: "guilty", Version: versionOf("guilty"), Lo: 2 * size, Hi: 3 * size},
	}
	earlier, guilty := libraries[0].Lo+offset, libraries[1].Lo+offset
	in := func(library uint64, a abi.Activity) abi.RecordedCall {
		return abi.RecordedCall{Library: library, Activity: a}
	}
	for _, test := range []struct {
		name  string
		stack []uint64
		calls []abi.RecordedCall
		want  string
	}{
		{"left by one in no call", []uint64{7, earlier, 0, guilty}, []abi.RecordedCall{in(2, abi.InEntry)}, "guilty"},
		{"left by one that waits", []uint64{7, earlier, 0, guilty}, []abi.RecordedCall{in(1, abi.InWait), in(2, abi.InResume)}, "guilty"},
		{"behind the one at fault", []uint64{7, guilty, earlier}, []abi.RecordedCall{in(1, abi.InWait), in(2, abi.InEntry)}, "guilty"},
		{"both in calls", []uint64{7, guilty, earlier}, []abi.RecordedCall{in(1, abi.InEntry), in(2, abi.InEntry)}, "guilty"},
		{"on a thread of its own", []uint64{7, guilty}, []abi.RecordedCall{in(1, abi.InEntry)}, "guilty"},
		{"nobody in a call", []uint64{7, guilty, earlier}, nil, "guilty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Examine(Death{Status: "exit status 0", Recorded: abi.Recorded{
				Libraries: libraries, Calls: test.calls, Faults: []abi.RecordedFault{{Stack: test.stack}},
			}}, func(string) (string, bool) { return path, true })
			if c.Endpoint != test.want || c.Evidence != "stack" {
				t.Errorf("%+v", c)
			}
		})
	}
}
