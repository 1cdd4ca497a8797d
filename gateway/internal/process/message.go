package process

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
)

// messageMost is more than any message has: 10,000 endpoints with all their
// versions take 20 MB.
const messageMost = 256 << 20

// ErrMessage says that what came is no message.
var ErrMessage = errors.New("what came is no message")

// Write sends one message: its length, and itself as gob has it. It is one
// write, so that who is killed in the midst of it is no longer there to go on.
func Write(to io.Writer, message any) error {
	var b bytes.Buffer
	b.Write(make([]byte, 4))
	if err := gob.NewEncoder(&b).Encode(message); err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	size := b.Len() - 4
	if size > messageMost {
		return fmt.Errorf("a message of %d bytes is too long", size)
	}
	binary.BigEndian.PutUint32(b.Bytes(), uint32(size))
	_, err := to.Write(b.Bytes())
	return err
}

// Read receives one message. Memory is taken for what comes, and not for what
// is announced: the other side may be out of its mind.
func Read(from io.Reader, message any) error { return ReadShort(from, message, messageMost) }

// ReadShort receives one that is no longer than most: the other side may be
// somebody else's code.
func ReadShort(from io.Reader, message any, most int64) error {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(head[:]))
	if size > most {
		return fmt.Errorf("%w: %d bytes are announced", ErrMessage, size)
	}
	var b bytes.Buffer
	if n, err := io.Copy(&b, io.LimitReader(from, size)); err != nil || n < size {
		return errors.Join(io.ErrUnexpectedEOF, err)
	}
	if err := gob.NewDecoder(&b).Decode(message); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return nil
}
