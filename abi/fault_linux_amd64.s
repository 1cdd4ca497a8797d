#include "textflag.h"

// Offsets in a faultRecord.
#define SIGNAL 0
#define PC 8
#define ADDRESS 16
#define DEPTH 24
#define SP_ 32
#define REGISTERS 40
#define STACK 320
#define SIZE 2368

// TAKE makes R8 the next record of the ring, which says nothing yet. It takes
// AX.
#define TAKE \
	MOVQ ·faults(SB), R8 \
	MOVL $1, AX \
	LOCK \
	XADDL AX, 0(R8) \
	ANDL $7, AX \
	IMULQ $SIZE, AX \
	LEAQ 64(R8)(AX*1), R8 \
	MOVQ $0, SIGNAL(R8)

// COPY copies the stack into the record, as far as there is one: the kernel
// does it, which finds out without a fault. It takes AX, CX, DI, SI, DX, R10
// and R11. 18 is pwrite64.
#define COPY \
	MOVQ SP_(R8), SI \
	MOVQ $(SIZE-STACK), DX \
	MOVQ R8, R10 \
	SUBQ ·faults(SB), R10 \
	ADDQ ·faultsAt(SB), R10 \
	ADDQ $STACK, R10 \
	MOVQ ·faultsFile(SB), DI \
	MOVL $18, AX \
	SYSCALL \
	MOVQ AX, DEPTH(R8)

// func faultHandler()
//
// The action of a signal, in C's way of calling: DI has the signal, SI the
// siginfo with the address at 16, DX the ucontext with 18 registers at 40, of
// which the 16th and the 17th are the stack pointer and the program counter. It
// runs on any thread, and goes on to the action that was there before.
TEXT ·faultHandler(SB), NOSPLIT|NOFRAME, $0
	TAKE
	MOVQ 168(DX), CX
	MOVQ CX, PC(R8)
	MOVQ 160(DX), CX
	MOVQ CX, SP_(R8)
	MOVQ 16(SI), CX
	MOVQ CX, ADDRESS(R8)
	MOVQ $0, DEPTH(R8)
	XORQ CX, CX
register:
	MOVQ 40(DX)(CX*8), R11
	MOVQ R11, REGISTERS(R8)(CX*8)
	INCQ CX
	CMPQ CX, $18
	JLT register
	MOVQ DI, SIGNAL(R8)
	PUSHQ DI
	PUSHQ SI
	PUSHQ DX
	COPY
	POPQ DX
	POPQ SI
	POPQ DI
	LEAQ ·faultsBefore(SB), R10
	MOVQ (R10)(DI*8), R10
	JMP R10

// func exitHandler()
//
// What the C library calls at exit(), on the thread that called that.
TEXT ·exitHandler(SB), NOSPLIT|NOFRAME, $0
	TAKE
	MOVQ (SP), CX
	MOVQ CX, PC(R8)
	MOVQ SP, SP_(R8)
	MOVQ $0, ADDRESS(R8)
	MOVQ $0, DEPTH(R8)
	XORQ CX, CX
nothing:
	MOVQ $0, REGISTERS(R8)(CX*8)
	INCQ CX
	CMPQ CX, $18
	JLT nothing
	MOVQ $1000, SIGNAL(R8)
	COPY
	RET

DATA ·faultHandlerPC(SB)/8, $·faultHandler(SB)
GLOBL ·faultHandlerPC(SB), NOPTR|RODATA, $8
DATA ·exitHandlerPC(SB)/8, $·exitHandler(SB)
GLOBL ·exitHandlerPC(SB), NOPTR|RODATA, $8
