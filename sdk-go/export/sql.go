package export

/*
#include "edge_gateway_sql.h"
*/
import "C"

import (
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// sql is eg.sql/1.
type sql struct{ service }

func (s sql) Run(q backend.Query) (page *backend.Page, err error) {
	var loan loan
	defer loan.end()
	statement, err := lendStatement(&loan, q.Statement)
	if err != nil {
		return nil, err
	}
	if q.One {
		statement.flags = C.EG_SQL_ONE
	}
	statement.page = C.uint64_t(q.Page)
	err = s.run(C.EG_SQL_QUERY, unsafe.Pointer(statement), func(result unsafe.Pointer) {
		page = readPage((*C.eg_sql_result)(result))
	})
	return page, err
}

func (s sql) Batch(statements []edge.Statement) (results []*edge.Result, err error) {
	var loan loan
	defer loan.end()
	list := make([]*C.eg_sql_statement, len(statements))
	for i := range statements {
		if list[i], err = lendStatement(&loan, statements[i]); err != nil {
			return nil, err
		}
	}
	args := C.eg_sql_batch{struct_size: C.sizeof_eg_sql_batch}
	args.statements, args.count = lendList(&loan, list), C.uint64_t(len(list))
	err = s.run(C.EG_SQL_BATCH, lend(&loan, args), func(result unsafe.Pointer) {
		r := (*C.eg_sql_results)(result)
		for _, one := range unsafe.Slice(r.results, int(r.count)) {
			results = append(results, readPage(one).Result)
		}
	})
	return results, err
}

func (s sql) Next(cursor uint64) (page *backend.Page, err error) {
	var loan loan
	defer loan.end()
	err = s.run(C.EG_SQL_NEXT, lendCursor(&loan, cursor), func(result unsafe.Pointer) {
		page = readPage((*C.eg_sql_result)(result))
	})
	return page, err
}

func (s sql) Close(cursor uint64) error {
	var loan loan
	defer loan.end()
	return s.run(C.EG_SQL_CLOSE, lendCursor(&loan, cursor), nil)
}

func lendCursor(loan *loan, cursor uint64) unsafe.Pointer {
	return lend(loan, C.eg_sql_cursor{struct_size: C.sizeof_eg_sql_cursor, cursor: C.uint64_t(cursor)})
}

func (s sql) Begin(options edge.TxOptions) error {
	var loan loan
	defer loan.end()
	args := C.eg_sql_begin{struct_size: C.sizeof_eg_sql_begin, isolation: C.uint32_t(options.Isolation)}
	if options.ReadOnly {
		args.flags = C.EG_SQL_READ_ONLY
	}
	return s.run(C.EG_SQL_BEGIN, lend(&loan, args), nil)
}

func (s sql) Commit() error   { return s.run(C.EG_SQL_COMMIT, nil, nil) }
func (s sql) Rollback() error { return s.run(C.EG_SQL_ROLLBACK, nil, nil) }

// The numbers of package edge are those of the header.
var (
	_ = [1]struct{}{}[C.EG_SQL_ISOLATION_DEFAULT-edge.IsolationDefault]
	_ = [1]struct{}{}[C.EG_SQL_READ_COMMITTED-edge.ReadCommitted]
	_ = [1]struct{}{}[C.EG_SQL_REPEATABLE_READ-edge.RepeatableRead]
	_ = [1]struct{}{}[C.EG_SQL_SERIALIZABLE-edge.Serializable]
)
