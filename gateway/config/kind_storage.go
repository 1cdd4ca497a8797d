package config

import "time"

var storageKind = Kind{"storage", []Driver{
	{"directory", 8, 30 * time.Second, []Option{
		{Name: "path", Type: Path, Help: "folder; default: in the data directory"},
		{Name: "max_object", Type: Size, Default: int64(1 << 30), Help: "bytes of an object"},
		{Name: "sign_url", Type: Text, Help: `base of signed URLs, such as "https://example.com"; default: none are given`},
		{Name: "sign_path", Type: Text, Default: "/signed", Help: "path of signed URLs, served by this gateway"},
	}},
	{"s3", 16, 30 * time.Second, []Option{
		{Name: "endpoint", Type: Text, Required: true, Help: `"https://s3.example.com" or "http://127.0.0.1:9000"`},
		{Name: "bucket", Type: Text, Required: true},
		{Name: "region", Type: Text, Default: "us-east-1"},
		{Name: "access_key", Type: Secret, Required: true},
		{Name: "secret_key", Type: Secret, Required: true},
		{Name: "prefix", Type: Text, Help: "put before every key"},
		{Name: "part_size", Type: Size, Default: int64(16 << 20), Help: "of an upload of unknown length"},
	}},
}}
