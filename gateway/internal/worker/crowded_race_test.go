//go:build unix && race

package worker_test

// crowded is how many requests wait. With the detector each takes ten times as
// long.
const crowded = 1_000
