package gateway_test

// scenarioTable is what the handlers in testdata/handlers/services answer,
// whatever their language and whatever the driver. Where drivers honestly
// differ there is a {name}, and each says what it has for it.
var scenarioTable = []struct{ scenario, want string }{
	{"sql-types", `row: bool true, int 9007199254740993, float -0.500, text 'é '$1'', bytes '0001ff', timestamp 1700000000123456, json {"a":[1,null]}
row: bool false, int -1, float 0.250, text '', bytes '', timestamp -1, json []
row: null, null, null, null, null, null, null
`},
	{"sql-placeholders", "row: text 'bab', int 7\n"},
	{"sql-columns", `column: a
column: a
column: B b
column: c
row: int 1, text 'x', int 2, null
`},
	{"sql-one", "nothing: none\nfirst: int 1\n"},
	{"sql-exec", `insert: affected 2, last {last id}
update: affected 1, last none
nothing: affected 0, last none
delete: affected 2, last none
`},
	{"sql-batch", `affected: 1 1
count: int 2
failing: error -17 23505 {unique} at 1
left: int 2
`},
	{"sql-pages", `all: 25 rows, sum 325
given up after: int 1
then: int 0
`},
	{"sql-commit", `inside: int 1
another: error -17 at 0
commit: ok
after: int 1
`},
	{"sql-rollback", `inside: int 2
rollback: ok
after: int 0
`},
	{"sql-forget", "inside: int 1\n"},
	{"sql-count", "count: int 0\n"},
	{"sql-conflict", `first: ok
unique: error -17 23505 {unique} at 0
key: error -17 23505 {key} at 0
null: error -17 23502 note.title at 0
check: error -17 23514 note_small at 0
`},
	{"sql-refused", `too few: error -2 at 0
too many: error -2 at 0
table: error -18 42P01{missing} at 0
syntax: error -18 42601 at 0
empty: error -2 at 0
NUL: error -2 at 0
JSON: error -18 22P02 at 0
`},
	{"sql-wrong-type", "text for a number: {wrong type}\n"},
	{"sql-not-utf8", "parameter: error -2 at 0\nstatement: error -2 at 0\n"},
	{"sql-too-many", "rows: error -14 at 0\nthen: int 0\n"},
	{"sql-read-only", `read: int 0
write: error -18 25006
rollback: ok
`},
	{"sql-broken", `first: ok
same: error -17 23505
next: error -18 25P02
commit: error -15 at 0
after: int 0
`},
	{"cache-values", `nothing: none
one: '31'
odd: '00ff'
empty: ''
many: '00ff' none '' '00ff'
`},
	{"cache-modes", `replace nothing: no
add: yes
add again: no
value: '32'
replace: yes
value: '34'
exists: yes
delete: yes
delete again: no
exists still: no
`},
	{"cache-swap", `swap: yes
with an old version: no
value: '74776f'
of what is gone: no
`},
	{"cache-count", `nothing: none
start: 5
go on: 15
up: 16
down: 0
no number: error -17
`},
	{"cache-touch", `nothing: no
touch: yes
value: '76'
`},
	{"cache-refused", `no key: error -2
too many keys: error -2
long key: error -2
`},
	{"cache-short", "value: '76'\n"},
	{"storage-object", `nothing: none
no head: none
put: 7 bytes
put again: error -17{created}
get: 7 bytes, 'content' at 0, text/plain, colour=grün, owner=me
head: 7 bytes, text/plain, colour=grün, owner=me
one etag: true
empty: 0 bytes, '' at 0, application/octet-stream
delete: ok
delete again: ok
gone: none
`},
	{"storage-range", `middle: 10 bytes, '3456' at 3, application/octet-stream
rest: 10 bytes, '89' at 8, application/octet-stream
more than there is: 10 bytes, '89' at 8, application/octet-stream
end: 10 bytes, '' at 10, application/octet-stream
behind: error -2 range
chunks: 0123 4567 89
`},
	{"storage-list", `all: a/1(3) a/2(3) a/b/3(5) b(1) c/4(3)
top: a/ b(1) c/
in pages: a/1(3) a/2(3) | a/b/
none:
`},
	{"storage-copy", `copy: 7 bytes, 'content' at 0, text/css, owner=me
of nothing: error -12{no object}
`},
	{"storage-upload", `before: none
after: 8 bytes, 'one two ' at 0, text/plain
abort: ok
aborted: none
`},
	{"storage-left", "write: ok\n"},
	{"storage-after", "left: none\n"},
	{"storage-refused", `no key: error -2
NUL: error -2
long key: error -2
content type: error -2
metadata: error -2
lifetime: error -2
`},
	{"email-refused", `nobody: error -2
no body: error -2
injection: error -2
address: error -2
`},
	{"http-fetch", `status: 418
cookies: a=1 b=2
body: PUT /path?x=1 [1 2] sent
url: /path?x=1
timed: true
`},
	{"http-redirect", `followed: 418 /here
kept: 302 /here
`},
	{"http-refused", `host: error -4
url: error -2
large: error -14
redirected away: error -4
slow: error -6
closed: error -13
`},
	{"all-together", `sql: int 7
cache: none
http: 418
storage: none
`},
	{"all-denied", `sql: error -4
cache: error -4
storage: error -4
email: error -4
http: error -4
a cache as a database: error -4
`},
}
