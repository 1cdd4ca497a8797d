package config

import "time"

var httpKind = Kind{"http", []Driver{
	{"client", 64, 30 * time.Second, []Option{
		{Name: "allow", Type: Texts, Required: true, Help: `hosts: "api.example.com", "*.example.com", "10.0.0.5:8080"; without a port 80 and 443`},
		{Name: "allow_private", Type: Boolean, Help: "let names of the list lead to private and loopback addresses"},
		{Name: "per_host", Type: Integer, Default: int64(32), Help: "connections to a host"},
		{Name: "connect_timeout", Type: Duration, Default: 5 * time.Second},
		{Name: "retries", Type: Integer, Default: int64(1), Help: "of requests that may be sent twice"},
		{Name: "max_redirects", Type: Integer, Default: int64(5)},
		{Name: "ca", Type: Path, Help: "PEM file of certificates to trust besides the system's"},
		{Name: "max_body", Type: Size, Default: int64(8 << 20), Help: "bytes of an answer"},
	}},
}}
