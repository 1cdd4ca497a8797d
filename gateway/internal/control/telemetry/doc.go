// Package telemetry makes numbers that last and that others can read of what a
// worker reports: totals over one worker after another, and the text that
// Prometheus collects.
package telemetry
