// Package process has what is the same for all processes that this program
// starts of itself to run native code in: how the two talk, and what is made of
// an end that nobody ordered.
package process
