// Package headertest holds the layout of every struct in edge_gateway.h, and
// the tests that hold C, C++ and Go to it.
package headertest

// Struct is the layout of one C struct.
type Struct struct {
	Name   string
	Size   uintptr
	Fields []Field
}

// Field is one member, in the order of the header. Offset and Size are in bytes.
type Field struct {
	Name   string
	Offset uintptr
	Size   uintptr
}

// Structs is the layout on systems with 64-bit pointers. It is written down,
// not computed, so that no change of the header passes unseen.
var Structs = []Struct{
	{"eg_bytes", 16, []Field{
		{"ptr", 0, 8},
		{"len", 8, 8},
	}},
	{"eg_field", 32, []Field{
		{"name", 0, 16},
		{"value", 16, 16},
	}},
	{"eg_arena", 24, []Field{
		{"struct_size", 0, 4},
		{"reserved", 4, 4},
		{"next", 8, 8},
		{"end", 16, 8},
	}},
	{"eg_request", 208, []Field{
		{"struct_size", 0, 4},
		{"body_kind", 4, 4},
		{"self", 8, 8},
		{"token", 16, 8},
		{"received", 24, 8},
		{"deadline", 32, 8},
		{"method", 40, 16},
		{"scheme", 56, 16},
		{"host", 72, 16},
		{"path", 88, 16},
		{"query", 104, 16},
		{"peer", 120, 16},
		{"request_id", 136, 16},
		{"headers", 152, 8},
		{"header_count", 160, 8},
		{"params", 168, 8},
		{"param_count", 176, 8},
		{"body", 184, 16},
		{"arena", 200, 8},
	}},
	{"eg_op", 32, []Field{
		{"service", 0, 8},
		{"code", 8, 4},
		{"status", 12, 4},
		{"args", 16, 8},
		{"result", 24, 8},
	}},
	{"eg_problem", 56, []Field{
		{"struct_size", 0, 4},
		{"position", 4, 4},
		{"message", 8, 16},
		{"code", 24, 16},
		{"subject", 40, 16},
	}},
	{"eg_service", 8, []Field{
		{"struct_size", 0, 4},
		{"reserved", 4, 4},
	}},
	{"eg_timer_sleep", 16, []Field{
		{"struct_size", 0, 4},
		{"reserved", 4, 4},
		{"duration", 8, 8},
	}},
	{"eg_response", 104, []Field{
		{"struct_size", 0, 4},
		{"status", 4, 4},
		{"headers", 8, 8},
		{"header_count", 16, 8},
		{"body", 24, 16},
		{"message", 40, 16},
		{"release", 56, 8},
		{"release_context", 64, 8},
		{"ops", 72, 8},
		{"op_count", 80, 8},
		{"resume", 88, 8},
		{"state", 96, 8},
	}},
	{"eg_host", 96, []Field{
		{"struct_size", 0, 4},
		{"abi_major", 4, 4},
		{"abi_minor", 8, 4},
		{"reserved", 12, 4},
		{"token", 16, 8},
		{"service", 24, 8},
		{"call", 32, 8},
		{"complete", 40, 8},
		{"arena_grow", 48, 8},
		{"release_results", 56, 8},
		{"log", 64, 8},
		{"now", 72, 8},
		{"config", 80, 8},
		{"canceled", 88, 8},
	}},
	{"eg_info", 88, []Field{
		{"struct_size", 0, 4},
		{"abi_major", 4, 4},
		{"abi_minor", 8, 4},
		{"flags", 12, 4},
		{"pointer_size", 16, 4},
		{"reserved", 20, 4},
		{"name", 24, 16},
		{"version", 40, 16},
		{"sdk", 56, 16},
		{"language", 72, 16},
	}},
	{"eg_init", 40, []Field{
		{"struct_size", 0, 4},
		{"flags", 4, 4},
		{"endpoint", 8, 16},
		{"config", 24, 8},
		{"config_count", 32, 8},
	}},
}
