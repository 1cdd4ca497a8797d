package sqlite

import (
	"context"
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// SQLSTATEs after which a connection is opened anew.
const (
	ioError   = "58030"
	diskFull  = "53100"
	corrupted = "XX001"
)

// states are the SQLSTATEs that fit sqlite's codes.
var states = map[sqlite3.ExtendedErrorCode]string{
	sqlite3.CONSTRAINT_UNIQUE: "23505", sqlite3.CONSTRAINT_PRIMARYKEY: "23505", sqlite3.CONSTRAINT_ROWID: "23505",
	sqlite3.CONSTRAINT_FOREIGNKEY: "23503", sqlite3.CONSTRAINT_NOTNULL: "23502", sqlite3.CONSTRAINT_CHECK: "23514",
	sqlite3.CONSTRAINT_DATATYPE: "42804", sqlite3.CONSTRAINT_TRIGGER: "P0001",
	sqlite3.BUSY_SNAPSHOT: "40001",
}

var generalStates = map[sqlite3.ErrorCode]string{
	sqlite3.CONSTRAINT: "23000", sqlite3.BUSY: "55P03", sqlite3.LOCKED: "55P03",
	sqlite3.READONLY: "25006", sqlite3.PERM: "42501", sqlite3.AUTH: "42501",
	sqlite3.FULL: diskFull, sqlite3.TOOBIG: "54000", sqlite3.MISMATCH: "42804", sqlite3.RANGE: "22023",
	sqlite3.IOERR: ioError, sqlite3.CANTOPEN: ioError, sqlite3.PROTOCOL: ioError,
	sqlite3.CORRUPT: corrupted, sqlite3.NOTADB: corrupted,
}

// messages tell what sqlite's general error is about.
var messages = []struct{ part, state string }{
	{"no such table: ", "42P01"}, {"no such column: ", "42703"}, {"has no column named ", "42703"},
	{"no such function: ", "42883"}, {"wrong number of arguments to function ", "42883"},
	{"already exists", "42P07"}, {"duplicate column name: ", "42701"},
	{"syntax error", "42601"}, {"incomplete input", "42601"}, {"unrecognized token", "42601"},
}

// problem makes an error out of sqlite's.
func problem(ctx context.Context, err error) error {
	var known *service.Error
	if errors.As(err, &known) {
		return err
	}
	if cut := ctx.Err(); cut != nil && (errors.Is(err, sqlite3.INTERRUPT) || errors.Is(err, sqlite3.BUSY)) {
		return cut
	}
	var extended sqlite3.ExtendedErrorCode
	if !errors.As(err, &extended) {
		return service.Errorf(abi.ErrUnavailable, "the database cannot be used: %v", err)
	}
	message := strings.TrimPrefix(err.Error(), "sqlite3: ")
	state, ok := states[extended]
	if !ok {
		state, ok = generalStates[extended.Code()]
	}
	subject := ""
	switch {
	case extended.Code() == sqlite3.CONSTRAINT:
		if _, after, found := strings.Cut(message, "constraint failed: "); found {
			_, subject, found = strings.Cut(after, "constraint failed: ")
			if !found {
				subject = after
			}
		}
		subject = strings.TrimSuffix(strings.TrimPrefix(subject, "index '"), "'")
	case !ok:
		state = "42000"
		for _, m := range messages {
			if _, after, found := strings.Cut(message, m.part); found {
				state, subject = m.state, after
				break
			}
		}
	}
	return sql.Refusal(state, subject, message)
}
