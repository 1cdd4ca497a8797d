//go:build unix && !race

package worker_test

// crowded is how many requests wait.
const crowded = 10_000
