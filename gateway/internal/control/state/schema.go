package state

// steps lead from an empty database to the present schema. Step n makes schema
// n of schema n-1, in a transaction. One that has been released is never
// changed: what is needed next is another step.
//
// What the model says of a thing is a JSON document; the columns beside it are
// what things are found and ordered by. Lists with the newest first are ordered
// by numbers that are never used twice.
var steps = []string{
	`
CREATE TABLE endpoint (
	name TEXT PRIMARY KEY,
	data TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE version (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	endpoint TEXT NOT NULL,
	digest   TEXT NOT NULL,
	data     TEXT NOT NULL,
	UNIQUE (endpoint, digest)
) STRICT;

CREATE TABLE deploy (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	endpoint TEXT NOT NULL,
	data     TEXT NOT NULL
) STRICT;
CREATE INDEX deploy_of ON deploy (endpoint, id);

CREATE TABLE source (
	endpoint TEXT PRIMARY KEY,
	digest   TEXT NOT NULL,
	data     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE build (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	name     TEXT NOT NULL UNIQUE,
	endpoint TEXT NOT NULL,
	state    TEXT NOT NULL,
	source   TEXT NOT NULL,
	data     TEXT NOT NULL
) STRICT;
CREATE INDEX build_of ON build (endpoint, id);

CREATE TABLE service (
	name TEXT PRIMARY KEY,
	data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (
	service TEXT NOT NULL REFERENCES service ON DELETE CASCADE,
	option  TEXT NOT NULL,
	sealed  BLOB NOT NULL,
	PRIMARY KEY (service, option)
) STRICT, WITHOUT ROWID;

CREATE TABLE key (
	name TEXT PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,
	data TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	at      INTEGER NOT NULL,
	who     TEXT NOT NULL,
	action  TEXT NOT NULL,
	target  TEXT NOT NULL,
	data    TEXT NOT NULL
) STRICT;

CREATE TABLE answer (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	actor   TEXT NOT NULL,
	key     TEXT NOT NULL,
	at      INTEGER NOT NULL,
	request TEXT NOT NULL,
	sealed  BLOB NOT NULL,
	UNIQUE (actor, key)
) STRICT;
`,
	// Which source trees versions refer to is told without reading all of their
	// documents, and which answers are old without reading all answers.
	`
ALTER TABLE version ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE version SET source = coalesce(data ->> 'source', '');
CREATE INDEX answer_at ON answer (at);
`,
	// Where versions run, as far as what they did has decided it: also those of
	// endpoints that the file declares.
	`
CREATE TABLE placement (
	endpoint TEXT NOT NULL,
	version  TEXT NOT NULL,
	data     TEXT NOT NULL,
	PRIMARY KEY (endpoint, version)
) STRICT, WITHOUT ROWID;
`,
}
