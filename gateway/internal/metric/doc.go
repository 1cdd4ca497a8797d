// Package metric counts what is told of requests and operations: how long they
// took, and what they were answered with. Counting takes no lock, and no memory
// but for the first answer of a class of statuses.
package metric
