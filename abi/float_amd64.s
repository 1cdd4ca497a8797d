#include "textflag.h"

// func putFloatBack()
//
// The control bits of MXCSR, not those that note what happened, and the control
// word of the x87, as a process begins with.
TEXT ·putFloatBack(SB), NOSPLIT, $8-0
	STMXCSR 0(SP)
	FSTCW 4(SP)
	MOVL 0(SP), AX
	ANDL $0xffc0, AX
	CMPL AX, $0x1f80
	JNE back
	CMPW 4(SP), $0x037f
	JNE back
	RET
back:
	MOVL $0x1f80, 0(SP)
	LDMXCSR 0(SP)
	MOVW $0x037f, 4(SP)
	FLDCW 4(SP)
	RET
