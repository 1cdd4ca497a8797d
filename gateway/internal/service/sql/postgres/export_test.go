package postgres

import (
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

func NewDriver(spec service.Spec) (sql.Driver, error) { return newDriver(spec) }

var ParseTime, FormatTime = parseTime, formatTime
