#include "textflag.h"

// Offsets in a faultRecord.
#define SIGNAL 0
#define PC_ 8
#define ADDRESS 16
#define DEPTH 24
#define SP_ 32
#define REGISTERS 40
#define STACK 320
#define SIZE 2368

// TAKE makes R9 the next record of the ring, which says nothing yet. It takes
// R8, R10, R11 and R12, and the assembler R27.
#define TAKE(again) \
	MOVD ·faults(SB), R8 \
again: \
	LDAXRW (R8), R10 \
	ADDW $1, R10, R11 \
	STLXRW R11, (R8), R12 \
	CBNZ R12, again \
	AND $7, R10 \
	MOVD $SIZE, R11 \
	MUL R11, R10 \
	ADD $64, R8, R9 \
	ADD R10, R9 \
	MOVD ZR, SIGNAL(R9)

// COPY copies the stack into the record, as far as there is one: the kernel
// does it, which finds out without a fault. It takes R0 to R3, R8, R10 and the
// assembler's. 68 is pwrite64.
#define COPY \
	MOVD SP_(R9), R1 \
	MOVD $(SIZE-STACK), R2 \
	MOVD ·faults(SB), R10 \
	SUB R10, R9, R3 \
	MOVD ·faultsAt(SB), R10 \
	ADD R10, R3 \
	ADD $STACK, R3 \
	MOVD ·faultsFile(SB), R0 \
	MOVD $68, R8 \
	SVC \
	MOVD R0, DEPTH(R9)

// func faultHandler()
//
// The action of a signal, in C's way of calling: R0 has the signal, R1 the
// siginfo with the address at 16, R2 the ucontext with 34 registers at 184, of
// which the stack pointer and the program counter are the 32nd and the 33rd. It
// runs on any thread, and goes on to the action that was there before. What it
// takes of the registers the kernel gives back.
TEXT ·faultHandler(SB), NOSPLIT|NOFRAME, $0
	TAKE(again)
	MOVD R0, R13
	MOVD R1, R14
	MOVD R2, R15
	MOVD 440(R2), R10
	MOVD R10, PC_(R9)
	MOVD 432(R2), R10
	MOVD R10, SP_(R9)
	MOVD 16(R1), R10
	MOVD R10, ADDRESS(R9)
	MOVD ZR, DEPTH(R9)
	ADD $184, R2, R10
	ADD $REGISTERS, R9, R11
	MOVD $34, R12
register:
	MOVD.P 8(R10), R16
	MOVD.P R16, 8(R11)
	SUBS $1, R12
	BNE register
	MOVD R0, SIGNAL(R9)
	COPY
	MOVD R13, R0
	MOVD R14, R1
	MOVD R15, R2
	MOVD $·faultsBefore(SB), R10
	MOVD (R10)(R0<<3), R10
	JMP (R10)

// func exitHandler()
//
// What the C library calls at exit(), on the thread that called that. R27 is
// its own.
TEXT ·exitHandler(SB), NOSPLIT|NOFRAME, $0
	MOVD RSP, R13
	MOVD.W R27, -16(RSP)
	TAKE(again)
	MOVD R30, PC_(R9)
	MOVD R13, SP_(R9)
	MOVD ZR, ADDRESS(R9)
	MOVD ZR, DEPTH(R9)
	MOVD $1000, R10
	MOVD R10, SIGNAL(R9)
	COPY
	MOVD.P 16(RSP), R27
	RET

DATA ·faultHandlerPC(SB)/8, $·faultHandler(SB)
GLOBL ·faultHandlerPC(SB), NOPTR|RODATA, $8
DATA ·exitHandlerPC(SB)/8, $·exitHandler(SB)
GLOBL ·exitHandlerPC(SB), NOPTR|RODATA, $8
