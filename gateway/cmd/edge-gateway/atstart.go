package main

import "github.com/edge-gateway/edge-gateway/gateway/config"

// atStart is the [server] table that the process was started with. All of it
// stays in force until the next start, but for drain_timeout.
type atStart config.Server

// changed names the keys that another table has another value for.
func (a atStart) changed(to config.Server) (keys []string) {
	for _, key := range []struct {
		name string
		same bool
	}{
		{"listen", a.Listen == to.Listen},
		{"admin", a.Admin == to.Admin},
		{"data", a.Data == to.Data},
		{"header_limit", a.HeaderLimit == to.HeaderLimit},
		{"read_timeout", a.ReadTimeout == to.ReadTimeout},
		{"idle_timeout", a.IdleTimeout == to.IdleTimeout},
		{"max_connections", a.MaxConnections == to.MaxConnections},
		{"standby", a.Standby == to.Standby},
		{"memory", a.Memory == to.Memory},
		{"recycle_memory", a.RecycleMemory == to.RecycleMemory},
		{"recycle_retained", a.RecycleRetained == to.RecycleRetained},
		{"recycle_stuck", a.RecycleStuck == to.RecycleStuck},
	} {
		if !key.same {
			keys = append(keys, key.name)
		}
	}
	return keys
}
