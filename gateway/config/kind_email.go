package config

import "time"

var emailKind = Kind{"email", []Driver{
	{"directory", 1, 10 * time.Second, append([]Option{
		{Name: "path", Type: Path, Help: "folder of .eml files; default: in the data directory"},
	}, emailOutbox...)},
	{"smtp", 2, 30 * time.Second, append([]Option{
		{Name: "host", Type: Text, Required: true, Help: "\"smtp.example.com\""},
		{Name: "port", Type: Integer, Default: int64(587)},
		{Name: "username", Type: Text},
		{Name: "password", Type: Secret},
		{Name: "encryption", Type: Text, Default: "starttls", Values: []string{"starttls", "tls", "none"}},
		{Name: "ca_file", Type: Path, Help: "certificates of a private authority, PEM"},
	}, emailOutbox...)},
}}

var emailOutbox = []Option{
	{Name: "from", Type: Text, Required: true, Help: `sender of mails without one: "Shop <shop@example.com>"`},
	{Name: "databases", Type: Texts, Help: "sql services whose transactions may carry mail"},
	{Name: "max_attempts", Type: Integer, Default: int64(10), Help: "before a mail is given up"},
	{Name: "retry", Type: Duration, Default: 30 * time.Second, Help: "before the second try, doubled each time up to 1 h"},
	{Name: "max_message", Type: Size, Default: int64(25 << 20), Help: "bytes of a mail"},
	{Name: "max_queued", Type: Integer, Default: int64(100_000), Help: "mails that wait"},
	{Name: "keep", Type: Duration, Default: 24 * time.Hour, Help: "how long the state of a mail that is done can be asked"},
}
