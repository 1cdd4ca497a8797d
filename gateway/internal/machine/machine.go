// Package machine tells what there is for this process to use.
package machine
