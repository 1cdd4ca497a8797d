package abi

import "testing"

// What noting a request costs a call that answers at once.
func BenchmarkRecordEntry(b *testing.B) {
	recorder, err := NewRecorder()
	if err != nil {
		b.Skip(err)
	}
	defer recorder.Close()
	memory, err := NewMemory(1 << 20)
	if err != nil {
		b.Fatal(err)
	}
	memory.Record(recorder)
	f, err := memory.Acquire()
	if err != nil {
		b.Fatal(err)
	}
	for text, value := range map[Text]string{TextRequestID: "0011aabb-1c-2f", TextMethod: "GET", TextPath: "/c/hello/world"} {
		if err := f.SetText(text, []byte(value)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		f.record.enter(7, f)
		f.record.returned(OK)
	}
	f.Release()
}
