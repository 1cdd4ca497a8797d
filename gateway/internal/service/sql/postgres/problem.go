package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

const (
	canceled        = "57014"
	protocol        = "08P01" // among others, the wrong number of parameters
	notNull         = "23502"
	noSuchStatement = "26000"
)

// problem makes an error out of one of pgx.
func (c *conn) problem(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var known *service.Error
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &refused):
		switch cut := ctx.Err(); {
		case refused.Code == canceled && cut != nil:
			return cut
		case refused.Code == protocol && !c.pg.IsClosed():
			return service.Errorf(abi.ErrInvalid, "%s", refused.Message)
		}
		return refusal(refused, refused.Message)
	case ctx.Err() != nil:
		return ctx.Err()
	case c.pg.IsClosed():
		return service.Errorf(abi.ErrUnavailable, "the connection to the database was lost: %v", err)
	}
	var takes, given int
	if n, _ := fmt.Sscanf(err.Error(), "expected %d arguments, got %d", &takes, &given); n == 2 {
		return service.Errorf(abi.ErrInvalid, "the statement has %d parameters, and %d were given", takes, given)
	}
	return service.Errorf(abi.ErrInvalid, "%v", err) // pgx found it before it sent anything
}

func refusal(e *pgconn.PgError, message string) *service.Error {
	subject := e.ConstraintName
	if e.Code == notNull {
		subject = e.TableName + "." + e.ColumnName
	}
	return sql.Refusal(e.Code, subject, message)
}

// connectProblem is why there is no connection. Its text has nothing of the
// configuration but the host.
func connectProblem(ctx context.Context, err error) error {
	var refused *pgconn.PgError
	var network *net.OpError
	switch {
	case errors.As(err, &refused):
		return refusal(refused, "the database refuses the connection: "+refused.Message)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
		return service.Errorf(abi.ErrUnavailable, "the database does not take the connection in time")
	case errors.As(err, &network):
		return service.Errorf(abi.ErrUnavailable, "the database cannot be reached: %v", network)
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return service.Errorf(abi.ErrUnavailable, "the database cannot be reached: %v", err)
}

// replan tells whether a prepared statement has to be prepared again, since the
// tables have changed: nothing was executed, and pgx has forgotten it.
func replan(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == noSuchStatement || e.Code == "0A000" && strings.Contains(e.Message, "cached plan"))
}
