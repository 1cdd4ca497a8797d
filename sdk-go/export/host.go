package export

/*
#include <stddef.h>
#include "edge_gateway.h"

// Go cannot call through a C function pointer, so each function of the host
// that is used has a trampoline. What they are given lives on the C stack.

static int32_t eg_go_sleep(const eg_host *host, uint64_t token, int64_t duration) {
  const void *timer;
  int32_t status = host->service(host, EG_TIMER, NULL, &timer);
  if (status != EG_OK) return status;
  eg_timer_sleep args = {sizeof args, 0, duration};
  eg_op op = {timer, EG_TIMER_SLEEP, EG_OK, &args, NULL};
  status = host->call(host, token, &op, 1);
  return status != EG_OK ? status : op.status;
}

typedef struct { int32_t status; eg_bytes value; } eg_go_value;

static eg_go_value eg_go_config(const eg_host *host, const uint8_t *name, uint64_t len) {
  eg_bytes key = {name, len};
  eg_go_value found = {EG_OK, {NULL, 0}};
  found.status = host->config(host, &key, &found.value);
  return found;
}

static void eg_go_log(const eg_host *host, uint64_t token, int32_t level, const uint8_t *text, uint64_t len) {
  eg_bytes message = {text, len};
  host->log(host, token, level, &message);
}
*/
import "C"

import (
	"sync"
	"time"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// services leads to the host, for a request or, with the instance's token, for
// background work. The host's table is valid for ever, and a token that is
// over is refused: it may be used at any time, from any goroutine.
type services struct {
	host  *C.eg_host
	token C.uint64_t

	reading sync.RWMutex // held for reading while results are copied
	over    bool
}

// end waits until nobody reads results any more: their memory is the request's.
// A call still under way then leaves its results alone.
func (s *services) end() {
	s.reading.Lock()
	s.over = true
	s.reading.Unlock()
}

func (s *services) Sleep(d time.Duration) error {
	return errorOf(C.eg_go_sleep(s.host, s.token, C.int64_t(d)))
}

func (s *services) Config(name string) (string, bool) {
	found := C.eg_go_config(s.host, textPointer(name), C.uint64_t(len(name)))
	if found.status != C.EG_OK {
		return "", false
	}
	return string(view(found.value)), true
}

func (s *services) Log(level edge.Level, message string) {
	C.eg_go_log(s.host, s.token, C.int32_t(level), textPointer(message), C.uint64_t(len(message)))
}

// textPointer lends text for the length of a call: it points to no pointers,
// and the host copies what it keeps. Empty text still has an address, since
// NULL would mean that there is none.
func textPointer(text string) *C.uint8_t {
	if text == "" {
		text = "\x00"
	}
	return (*C.uint8_t)(unsafe.Pointer(unsafe.StringData(text)))
}

func errorOf(status C.int32_t) error {
	if status == C.EG_OK {
		return nil
	}
	return edge.Status(status)
}

// The numbers of package edge are those of the header: an index other than 0
// does not compile.
var (
	_ = [1]struct{}{}[C.EG_E_INTERNAL-edge.ErrInternal]
	_ = [1]struct{}{}[C.EG_E_INVALID-edge.ErrInvalid]
	_ = [1]struct{}{}[C.EG_E_UNSUPPORTED-edge.ErrUnsupported]
	_ = [1]struct{}{}[C.EG_E_DENIED-edge.ErrDenied]
	_ = [1]struct{}{}[C.EG_E_NO_MEMORY-edge.ErrNoMemory]
	_ = [1]struct{}{}[C.EG_E_DEADLINE-edge.ErrDeadline]
	_ = [1]struct{}{}[C.EG_E_CANCELED-edge.ErrCanceled]
	_ = [1]struct{}{}[C.EG_E_CLOSING-edge.ErrClosing]
	_ = [1]struct{}{}[C.EG_E_STALE-edge.ErrStale]
	_ = [1]struct{}{}[C.EG_E_DONE-edge.ErrDone]
	_ = [1]struct{}{}[C.EG_E_OVERLOADED-edge.ErrOverloaded]
	_ = [1]struct{}{}[C.EG_E_NOT_FOUND-edge.ErrNotFound]
	_ = [1]struct{}{}[C.EG_E_UNAVAILABLE-edge.ErrUnavailable]
	_ = [1]struct{}{}[C.EG_E_TOO_LARGE-edge.ErrTooLarge]
	_ = [1]struct{}{}[C.EG_E_TX_GONE-edge.ErrTxGone]
	_ = [1]struct{}{}[C.EG_E_UNKNOWN_OUTCOME-edge.ErrUnknown]
	_ = [1]struct{}{}[C.EG_E_CONFLICT-edge.ErrConflict]
	_ = [1]struct{}{}[C.EG_E_REFUSED-edge.ErrRefused]
	_ = [1]struct{}{}[C.EG_LOG_DEBUG-edge.LevelDebug]
	_ = [1]struct{}{}[C.EG_LOG_INFO-edge.LevelInfo]
	_ = [1]struct{}{}[C.EG_LOG_WARN-edge.LevelWarn]
	_ = [1]struct{}{}[C.EG_LOG_ERROR-edge.LevelError]
)
