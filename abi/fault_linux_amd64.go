package abi

// registerNames are those of the kernel's struct sigcontext, in its order.
var registerNames = []string{
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip", "rflags",
}
