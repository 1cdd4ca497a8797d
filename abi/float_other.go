//go:build !amd64 && !arm64

package abi

func putFloatBack() {}
