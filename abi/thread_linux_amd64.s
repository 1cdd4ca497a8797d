#include "textflag.h"

// func CurrentThread() Thread
//
// The word at FS:0 holds its own address; the assembler has no name for it.
TEXT ·CurrentThread(SB), NOSPLIT, $0-8
	BYTE $0x64; BYTE $0x48; BYTE $0x8b; BYTE $0x04; BYTE $0x25; LONG $0 // MOVQ FS:0, AX
	MOVQ AX, ret+0(FP)
	RET
