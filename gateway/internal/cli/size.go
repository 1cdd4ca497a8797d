package cli

import (
	"fmt"
	"strconv"

	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// size is a number of bytes on the command line, as the file would have it:
// 8MiB, or 8388608.
type size int64

// UnmarshalText reads it.
func (s *size) UnmarshalText(text []byte) error {
	n, ok := config.ParseSize(string(text))
	if !ok {
		var err error
		if n, err = strconv.ParseInt(string(text), 10, 64); err != nil {
			return fmt.Errorf("%q is not a size, such as 8MiB", text)
		}
	}
	*s = size(n)
	return nil
}
