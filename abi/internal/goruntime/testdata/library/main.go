// Library is a Go library that faults, works and recovers.
package main

import "C"

func main() {}

// fault recovers a nil dereference and tells whether it did.
//
//export fault
func fault() (recovered int32) {
	defer func() {
		if recover() != nil {
			recovered = 1
		}
	}()
	return dereference(nil)
}

//go:noinline
func dereference(p *int32) int32 { return *p }

// work makes garbage and goroutines, and returns n.
//
//export work
func work(n int32) int32 {
	sum := make(chan int32)
	go func() {
		var total int32
		for _, s := range make([]string, n) {
			total += int32(len(s)) + 1
		}
		sum <- total
	}()
	return <-sum
}
