package model

import (
	"log/slog"
	"time"
)

// LogLine is one line of the log of the gateway or of a handler.
type LogLine struct {
	At        time.Time         `json:"at"`
	Level     string            `json:"level" enum:"debug,info,warn,error"`
	Message   string            `json:"message"`
	Endpoint  string            `json:"endpoint,omitempty"`
	Version   string            `json:"version,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	Service   string            `json:"service,omitempty"`
	More      map[string]string `json:"more,omitempty" nullable:"false" doc:"Other attributes of the line."`
}

// LogFilter selects lines; a zero field selects all.
type LogFilter struct {
	Endpoint  string
	RequestID string
	Service   string
	Level     slog.Level // at least; slog.LevelInfo is zero
	Since     time.Time
	Names     []string // endpoints; what a key may see. Not empty: lines of those only
}
