package goruntime

import (
	"fmt"
	"strconv"
	"strings"
)

// TunablesVariable is the environment variable that glibc's loader reads when
// a process starts, and never again.
const TunablesVariable = "GLIBC_TUNABLES"

// staticTLS is the loader's room for thread-local memory at fixed offsets, as
// Go libraries have it, in bytes. Its default is enough for few of them.
const (
	staticTLS    = "glibc.rtld.optional_static_tls"
	staticTLSMin = 8192
)

// Tunables returns what [TunablesVariable] has to be for Go libraries, given
// what it is: other settings in it are kept. When the two differ, a program
// starts itself anew with it, before anything else.
func Tunables(current string) string {
	if enoughStaticTLS(current) {
		return current
	}
	var kept []string
	for setting := range strings.SplitSeq(current, ":") {
		if name, _, _ := strings.Cut(setting, "="); setting != "" && name != staticTLS {
			kept = append(kept, setting)
		}
	}
	return strings.Join(append(kept, fmt.Sprintf("%s=%d", staticTLS, staticTLSMin)), ":")
}

// enoughStaticTLS tells what the loader makes of the variable: the last
// setting of a name counts.
func enoughStaticTLS(tunables string) bool {
	enough := false
	for setting := range strings.SplitSeq(tunables, ":") {
		if value, found := strings.CutPrefix(setting, staticTLS+"="); found {
			size, err := strconv.ParseUint(value, 0, 64)
			enough = err == nil && size >= staticTLSMin
		}
	}
	return enough
}
