package sqlite

import (
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

func NewDriver(path string) sql.Driver { return &driver{path: path, timeout: 10 * time.Second} }
