package config

import "time"

var sqlKind = Kind{"sql", []Driver{
	{"sqlite", 5, 10 * time.Second, append([]Option{
		{Name: "path", Type: Path, Help: "database file; default: in the data directory"},
	}, sqlLimits...)},
	{"postgres", 10, 10 * time.Second, append([]Option{
		{Name: "url", Type: Secret, Required: true, Help: `"postgres://user:password@host:5432/database?sslmode=require"`},
		{Name: "password", Type: Secret, Help: "in place of the one in the url"},
		{Name: "connect_timeout", Type: Duration, Default: 5 * time.Second, Help: "of a new connection"},
	}, sqlLimits...)},
}}

var sqlLimits = []Option{
	{Name: "max_rows", Type: Integer, Default: int64(10_000), Help: "rows of a result that is not in pages"},
	{Name: "max_bytes", Type: Size, Default: int64(16 << 20), Help: "bytes of a result, or of a page"},
	{Name: "tx_idle", Type: Duration, Default: 5 * time.Second, Help: "a transaction without an operation is rolled back"},
}
