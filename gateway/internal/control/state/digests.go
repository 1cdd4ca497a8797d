package state

import "github.com/ncruces/go-sqlite3"

// Digests are all libraries and source trees that anything refers to. History
// does not: neither deploys of versions that were deleted, nor builds that have
// ended, keep a file.
func (t *Tx) Digests() (libraries, sources map[string]bool, err error) {
	libraries, err = t.digests(`
		SELECT digest FROM version
		UNION SELECT data ->> 'version' FROM endpoint
		UNION SELECT data ->> '$.canary.version' FROM endpoint`)
	if err != nil {
		return nil, nil, err
	}
	sources, err = t.digests(`
		SELECT digest FROM source
		UNION SELECT source FROM version
		UNION SELECT source FROM build WHERE state NOT IN ('succeeded', 'failed', 'canceled')`)
	return libraries, sources, err
}

func (t *Tx) digests(query string) (map[string]bool, error) {
	all := map[string]bool{}
	err := t.conn.rows(query, func(row *sqlite3.Stmt) error {
		if digest := row.ColumnText(0); digest != "" {
			all[digest] = true
		}
		return nil
	})
	return all, err
}
