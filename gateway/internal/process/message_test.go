package process

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

type told struct{ Text string }

func TestAMessageArrivesAsItWasSent(t *testing.T) {
	var pipe bytes.Buffer
	for _, text := range []string{"one", "", "three"} {
		if err := Write(&pipe, told{text}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"one", "", "three"} {
		var got told
		if err := Read(&pipe, &got); err != nil || got.Text != want {
			t.Errorf("%q, %v, want %q", got.Text, err, want)
		}
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	long := binary.BigEndian.AppendUint32(nil, messageMost+1)
	for _, test := range []struct {
		bytes []byte
		want  error
	}{
		{nil, io.EOF}, {[]byte{0, 0}, io.ErrUnexpectedEOF}, {[]byte{0, 0, 0, 9, 1}, io.ErrUnexpectedEOF},
		{long, ErrMessage}, {[]byte("\x00\x00\x00\x04what"), ErrMessage},
	} {
		if err := Read(bytes.NewReader(test.bytes), new(told)); !errors.Is(err, test.want) {
			t.Errorf("%q: %v, want %v", test.bytes, err, test.want)
		}
	}
}

func TestAMessageThatIsLongerThanExpectedIsRefused(t *testing.T) {
	var pipe bytes.Buffer
	if err := Write(&pipe, told{"some text"}); err != nil {
		t.Fatal(err)
	}
	size := int64(pipe.Len() - 4)
	sent := pipe.Bytes()
	if err := ReadShort(bytes.NewReader(sent), new(told), size); err != nil {
		t.Error(err)
	}
	left := bytes.NewReader(sent)
	if err := ReadShort(left, new(told), size-1); !errors.Is(err, ErrMessage) || int64(left.Len()) != size {
		t.Errorf("%v; %d bytes of %d were not read", err, left.Len(), size)
	}
}
