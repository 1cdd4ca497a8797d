package config

import (
	"encoding"
	"log/slog"
	"time"
)

// Service is one [[service]] table, complete: what the file leaves out has its
// default, and secrets are read.
type Service struct {
	Line int // of the [[service]]

	Name    string // see CheckName
	Kind    string
	Driver  string
	Enabled bool
	Workers int           // connections, and operations at a time; 1 to 1,024
	Mailbox int           // operations that wait; 1 to 1,000,000
	Timeout time.Duration // of an operation, waiting included; 1 ms to 1 h
	Options Options
}

// Kind is a kind of service, with the drivers that there are for it.
type Kind struct {
	Name    string
	Drivers []Driver // the first is the embedded one, and the default
}

// Driver is what runs a service.
type Driver struct {
	Name    string
	Workers int // by default
	Timeout time.Duration
	Options []Option
}

// Option is a setting of a driver.
type Option struct {
	Name     string
	Type     OptionType
	Required bool
	Default  any      // of the Go type that goes with Type; nil: its zero value
	Values   []string // the texts that are allowed, if not all
	Help     string   // a few words, for the documentation
}

// OptionType is what an option holds.
type OptionType int

// The types, each with the Go type that [Options] hold for it.
const (
	Text     OptionType = iota // string
	Secret                     // Hidden; written as it is, or "env:NAME", or "file:PATH"
	Path                       // string, absolute; relative to the configuration file
	Integer                    // int64, from 0
	Boolean                    // bool
	Duration                   // time.Duration
	Size                       // int64, bytes
	Texts                      // []string
)

// Hidden is a secret. It does not show itself in logs, errors or JSON.
type Hidden string

// Reveal gives the secret, for the backend alone.
func (h Hidden) Reveal() string { return string(h) }

const shown = "[hidden]"

func (h Hidden) String() string               { return shown }
func (h Hidden) GoString() string             { return shown }
func (h Hidden) LogValue() slog.Value         { return slog.StringValue(shown) }
func (h Hidden) MarshalText() ([]byte, error) { return []byte(shown), nil }

var _ encoding.TextMarshaler = Hidden("")

// Options are the settings of a service by name, complete and of the types that
// its driver says.
type Options map[string]any

// Text is a text option; "" if it is not set.
func (o Options) Text(name string) string { v, _ := o[name].(string); return v }

// Secret is a secret option.
func (o Options) Secret(name string) Hidden { v, _ := o[name].(Hidden); return v }

// Int is an integer or a size.
func (o Options) Int(name string) int64 { v, _ := o[name].(int64); return v }

// Bool is a boolean option.
func (o Options) Bool(name string) bool { v, _ := o[name].(bool); return v }

// Duration is a duration option.
func (o Options) Duration(name string) time.Duration { v, _ := o[name].(time.Duration); return v }

// Texts is a list option.
func (o Options) Texts(name string) []string { v, _ := o[name].([]string); return v }
