#include "textflag.h"

// func putFloatBack()
TEXT ·putFloatBack(SB), NOSPLIT, $0-0
	MRS FPCR, R0
	CBNZ R0, back
	RET
back:
	MSR ZR, FPCR
	RET
