-- A state of schema 1, as the program wrote it that knew no other.
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

INSERT INTO endpoint VALUES ('orders', '{"name":"orders","domain":"api.example.com","path":"/orders/{id}","methods":["GET"],"config":{"mode":"fast"},"services":{"db":"orders-db"},"limits":{"timeout":"5s","max_body":1048576},"probe":{"path":"/orders/1","headers":{"X-Probe":"1"},"status":200},"origin":"api","revision":1,"version":"00000001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","canary":{"weight":2.5,"header":"X-User","auto":{"min_requests":200},"version":"00000002aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","started":"2026-05-01T12:00:00.123456789Z","by":"ci","current":{"requests":0,"errors":0,"p95_ms":0},"candidate":{"requests":0,"errors":0,"p95_ms":0}},"created":"2026-05-01T12:00:00.123456789Z","updated":"2026-05-01T12:00:00.123456789Z"}');
INSERT INTO version (endpoint, digest, data) VALUES
	('orders', '00000001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"endpoint":"orders","digest":"00000001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","language":"c","size":10,"source":"0000000daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","origin":"build","build":"b1","created":"2026-05-01T12:00:00.123456789Z","by":"ci"}'),
	('orders', '00000002aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"endpoint":"orders","digest":"00000002aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":20,"origin":"upload","created":"2026-05-01T12:00:00.123456789Z","by":"ci"}');
INSERT INTO deploy (endpoint, data) VALUES ('orders', '{"id":0,"endpoint":"orders","action":"deploy","new":"00000001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","at":"2026-05-01T12:00:00.123456789Z","by":"ci"}');
INSERT INTO source VALUES ('orders', '0000000eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"digest":"0000000eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","files":1,"size":100,"updated":"2026-05-01T12:00:00.123456789Z","by":"ci"}');
INSERT INTO build (name, endpoint, state, source, data) VALUES ('b1', 'orders', 'succeeded', '0000000daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"id":"b1","endpoint":"orders","source":"0000000daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","state":"succeeded","version":"00000001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","queued":"2026-05-01T12:00:00.123456789Z","by":"ci"}');
INSERT INTO service VALUES ('orders-db', '{"name":"orders-db","kind":"sql","driver":"postgres","options":{"host":"db","password":"[hidden]","port":5432},"origin":"api","revision":3,"created":"2026-05-01T12:00:00.123456789Z","updated":"2026-05-01T12:00:00.123456789Z","bound_to":null}');
INSERT INTO secret VALUES ('orders-db', 'password', x'494a2805ed07480375d097a9264f0ec141c9b2f38d21b293bc40e9711335c6cb8b9962af1f68cb5f92220e7040');
INSERT INTO key VALUES ('first', x'0102030000000000000000000000000000000000000000000000000000000000', '{"name":"first","scope":"admin","prefix":"eg_1","created":"2026-05-01T12:00:00.123456789Z","by":"local"}');
INSERT INTO audit (at, who, action, target, data) VALUES (1777636800123456789, 'ci', 'endpoint.create', 'endpoint/orders', '{"id":0,"at":"2026-05-01T12:00:00.123456789Z","by":"ci","action":"endpoint.create","target":"endpoint/orders","outcome":"done"}');
INSERT INTO answer (actor, key, at, request, sealed) VALUES ('ci', '1', 1777636800123456789, 'POST /keys', x'3437ac383c9831ba5a445247da4f5158e48fc650b4fde1c03849696afa30492cadb523887f84');
PRAGMA user_version = 1;
PRAGMA application_id = 0x45477374;
