package config

import "time"

var cacheKind = Kind{"cache", []Driver{
	{"memory", 1, time.Second, []Option{
		{Name: "max_bytes", Type: Size, Default: int64(64 << 20), Help: "of keys and values together, with 192 for each entry"},
	}},
	{"memcached", 8, time.Second, []Option{
		{Name: "servers", Type: Texts, Required: true, Help: `["127.0.0.1:11211"]`},
		{Name: "prefix", Type: Text, Help: "put before every key"},
	}},
	{"redis", 8, time.Second, []Option{
		{Name: "address", Type: Text, Required: true, Help: `"127.0.0.1:6379"`},
		{Name: "username", Type: Text},
		{Name: "password", Type: Secret},
		{Name: "database", Type: Integer},
		{Name: "tls", Type: Boolean},
		{Name: "ca", Type: Path, Help: "PEM file of certificates to trust besides the system's"},
		{Name: "prefix", Type: Text, Help: "put before every key"},
	}},
}}
