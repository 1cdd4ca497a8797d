package sqlite

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// guard keeps statements from changing what the connection is: its transaction,
// its settings, the files that it sees.
type guard struct {
	off bool // for the statements of this package
	// running: a statement runs. What is prepared meanwhile is sqlite's own, as
	// for VACUUM, which may do all but make a file elsewhere.
	running bool
	denied  string
}

// pragmas are those that tell something, or belong to the file's content.
var pragmas = map[string]bool{
	"application_id": true, "data_version": true, "foreign_key_check": true, "foreign_key_list": true,
	"index_info": true, "index_list": true, "index_xinfo": true, "integrity_check": true, "optimize": true,
	"page_count": true, "quick_check": true, "table_info": true, "table_list": true, "table_xinfo": true,
	"user_version": true,
}

func (g *guard) authorize(action sqlite3.AuthorizerActionCode, name, _, _, _ string) sqlite3.AuthorizerReturnCode {
	if g.off || g.running && (action != sqlite3.AUTH_ATTACH || name == "") {
		return sqlite3.AUTH_OK
	}
	switch action {
	case sqlite3.AUTH_TRANSACTION, sqlite3.AUTH_SAVEPOINT:
		g.denied = "transactions are started and ended with EG_SQL_BEGIN, EG_SQL_COMMIT and EG_SQL_ROLLBACK"
	case sqlite3.AUTH_ATTACH, sqlite3.AUTH_DETACH:
		g.denied = "a statement may not open another file"
	case sqlite3.AUTH_PRAGMA:
		if pragmas[name] {
			return sqlite3.AUTH_OK
		}
		g.denied = "PRAGMA " + name + " is not for statements"
	default:
		return sqlite3.AUTH_OK
	}
	return sqlite3.AUTH_DENY
}

// why is the error for what authorize denied; nil for other errors.
func (g *guard) why(err error) *service.Error {
	denied := g.denied
	g.denied = ""
	if denied == "" || !errors.Is(err, sqlite3.AUTH) {
		return nil
	}
	return sql.Refusal("42501", "", denied)
}
