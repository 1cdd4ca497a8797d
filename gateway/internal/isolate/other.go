//go:build !linux

package isolate

import (
	"io"
)

const supported = false

type group struct{}

func (*group) remove()      {}
func (*group) ranOut() bool { return false }

func (c *child) spawn(io.Writer) error { return ErrUnsupported }
func (c *child) memory() int64         { return 0 }

func serve([]string) error { return ErrUnsupported }
func confined(stage) error { return ErrUnsupported }
func awaitEnd(int)         {}
func killGroup(int)        {}
