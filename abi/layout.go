package abi

// The structs of edge_gateway.h, field for field. They are laid over memory
// that libraries write, so every pointer is a uintptr: a stale address in a
// pointer-typed field would end the process at the next garbage collection.
// Offsets are asserted against a C compiler and against the Rust SDK in tests.

// Bytes is eg_bytes.
type Bytes struct {
	Ptr uintptr
	Len uint64
}

// Field is eg_field.
type Field struct {
	Name  Bytes
	Value Bytes
}

// Arena is eg_arena.
type Arena struct {
	StructSize uint32
	Reserved   uint32
	Next       uintptr
	End        uintptr
}

// The kinds of request body, EG_BODY_.
const (
	BodyNone  = 0
	BodyWhole = 1
)

// Request is eg_request.
type Request struct {
	StructSize  uint32
	BodyKind    uint32
	Self        uintptr
	Token       uint64
	Received    int64
	Deadline    int64
	Method      Bytes
	Scheme      Bytes
	Host        Bytes
	Path        Bytes
	Query       Bytes
	Peer        Bytes
	RequestID   Bytes
	Headers     uintptr
	HeaderCount uint64
	Params      uintptr
	ParamCount  uint64
	Body        Bytes
	Arena       uintptr
}

// Op is eg_op.
type Op struct {
	Service uintptr
	Code    uint32
	Status  int32
	Args    uintptr
	Result  uintptr
}

// Response is eg_response.
type Response struct {
	StructSize     uint32
	Status         int32
	Headers        uintptr
	HeaderCount    uint64
	Body           Bytes
	Message        Bytes
	Release        uintptr
	ReleaseContext uintptr
	Ops            uintptr
	OpCount        uint64
	Resume         uintptr
	State          uintptr
}

// HostTable is eg_host.
type HostTable struct {
	StructSize     uint32
	ABIMajor       uint32
	ABIMinor       uint32
	Reserved       uint32
	Token          uint64
	Service        uintptr
	Call           uintptr
	Complete       uintptr
	ArenaGrow      uintptr
	ReleaseResults uintptr
	Log            uintptr
	Now            uintptr
	Config         uintptr
	Canceled       uintptr
}

// Flags of an Info and of an Init.
const (
	InfoUnloadable = 1
	InitTrial      = 1
)

// Info is eg_info.
type Info struct {
	StructSize  uint32
	ABIMajor    uint32
	ABIMinor    uint32
	Flags       uint32
	PointerSize uint32
	Reserved    uint32
	Name        Bytes
	Version     Bytes
	SDK         Bytes
	Language    Bytes
}

// Init is eg_init.
type Init struct {
	StructSize  uint32
	Flags       uint32
	Endpoint    Bytes
	Config      uintptr
	ConfigCount uint64
}

// ServiceTable is eg_service, the head of every service table.
type ServiceTable struct {
	StructSize uint32
	Reserved   uint32
}

// Problem is eg_problem.
type Problem struct {
	StructSize uint32
	Position   uint32
	Message    Bytes
	Code       Bytes
	Subject    Bytes
}

// TimerID is the id of the service, and TimerSleepOp its operation.
const (
	TimerID      = "eg.timer/1"
	TimerSleepOp = 1
)

// TimerSleep is eg_timer_sleep.
type TimerSleep struct {
	StructSize uint32
	Reserved   uint32
	Duration   int64
}
