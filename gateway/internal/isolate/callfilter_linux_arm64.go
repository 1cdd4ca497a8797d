package isolate

import "golang.org/x/sys/unix"

const architecture = unix.AUDIT_ARCH_AARCH64

// deniedHere are those that only some architectures have.
var deniedHere []uint32
