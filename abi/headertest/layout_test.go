package headertest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/abi/inspect"
)

var (
	comment   = regexp.MustCompile(`(?s)/\*.*?\*/`)
	structDef = regexp.MustCompile(`(?s)typedef struct (\w+) \{(.*?)\n\} \w+;`)
	member    = regexp.MustCompile(`\(\*(\w+)\)\(|(\w+)$`)
	statusDef = regexp.MustCompile(`#define (EG_(?:OK|AWAIT|PENDING|E_\w+)) `)
)

func header(t *testing.T) string { return read(t, "edge_gateway.h") }

// read gives a header without its comments.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return comment.ReplaceAllString(string(text), "")
}

// No struct and no member of the header is missing from the table.
func TestTableNamesEveryMember(t *testing.T) {
	namesEveryMember(t, header(t), Structs)
	for name, structs := range ServiceStructs {
		namesEveryMember(t, read(t, name), structs)
	}
}

func namesEveryMember(t *testing.T, text string, structs []Struct) {
	t.Helper()
	var got, want []string
	for _, definition := range structDef.FindAllStringSubmatch(text, -1) {
		for declaration := range strings.SplitSeq(definition[2], ";") {
			if name := member.FindStringSubmatch(strings.TrimSpace(declaration)); name != nil {
				got = append(got, definition[1]+"."+name[1]+name[2])
			}
		}
	}
	for _, s := range structs {
		for _, field := range s.Fields {
			want = append(want, s.Name+"."+field.Name)
		}
	}
	if len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Fatalf("the header has\n%v\nthe table has\n%v", got, want)
	}
}

// execute compiles a program that includes the header and returns its output.
func execute(t *testing.T, name, language, body string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	source := "#include \"edge_gateway.h\"\n" + services + "#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n" + body + "return 0;\n}\n"
	run(t, source, compiler(t, name), append([]string{"-x", language, "-o", program, "-"}, include...)...)
	return run(t, "", program)
}

func TestCompilersLayStructsOutAsInTheTable(t *testing.T) {
	var body, want strings.Builder
	for _, s := range all() {
		fmt.Fprintf(&body, "printf(\"%s %%zu\\n\", sizeof(%s));\n", s.Name, s.Name)
		fmt.Fprintf(&want, "%s %d\n", s.Name, s.Size)
		for _, f := range s.Fields {
			fmt.Fprintf(&body, "printf(\"  %s %%zu %%zu\\n\", offsetof(%s, %s), sizeof(((%s *)0)->%s));\n",
				f.Name, s.Name, f.Name, s.Name, f.Name)
			fmt.Fprintf(&want, "  %s %d %d\n", f.Name, f.Offset, f.Size)
		}
	}
	for _, c := range [][2]string{{"gcc", "c"}, {"g++", "c++"}, {"clang", "c"}} {
		t.Run(c[0], func(t *testing.T) {
			if got := execute(t, c[0], c[1], body.String()); got != want.String() {
				t.Fatalf("got\n%s\nwant\n%s", got, want.String())
			}
		})
	}
}

// services includes the services' headers.
const services = `
#include "edge_gateway_sql.h"
#include "edge_gateway_cache.h"
#include "edge_gateway_storage.h"
#include "edge_gateway_email.h"
#include "edge_gateway_http.h"
`

// all lists the structs of every header.
func all() []Struct {
	list := slices.Clone(Structs)
	for _, name := range slices.Sorted(maps.Keys(ServiceStructs)) {
		list = append(list, ServiceStructs[name]...)
	}
	return list
}

// The Go mirror of each struct.
var mirrors = map[string]any{
	"eg_bytes":            abi.Bytes{},
	"eg_field":            abi.Field{},
	"eg_arena":            abi.Arena{},
	"eg_request":          abi.Request{},
	"eg_op":               abi.Op{},
	"eg_service":          abi.ServiceTable{},
	"eg_response":         abi.Response{},
	"eg_host":             abi.HostTable{},
	"eg_info":             abi.Info{},
	"eg_init":             abi.Init{},
	"eg_problem":          abi.Problem{},
	"eg_timer_sleep":      abi.TimerSleep{},
	"eg_sql_value":        abi.SQLValue{},
	"eg_sql_statement":    abi.SQLStatement{},
	"eg_sql_batch":        abi.SQLBatch{},
	"eg_sql_cursor":       abi.SQLCursor{},
	"eg_sql_begin":        abi.SQLBegin{},
	"eg_sql_column":       abi.SQLColumn{},
	"eg_sql_result":       abi.SQLResult{},
	"eg_sql_results":      abi.SQLResults{},
	"eg_cache_keys":       abi.CacheKeys{},
	"eg_cache_entry":      abi.CacheEntry{},
	"eg_cache_entries":    abi.CacheEntries{},
	"eg_cache_put":        abi.CachePut{},
	"eg_cache_key":        abi.CacheKey{},
	"eg_cache_count":      abi.CacheCount{},
	"eg_cache_number":     abi.CacheNumber{},
	"eg_cache_touch":      abi.CacheTouch{},
	"eg_storage_key":      abi.StorageKey{},
	"eg_storage_get":      abi.StorageGet{},
	"eg_storage_put":      abi.StoragePut{},
	"eg_storage_upload":   abi.StorageUpload{},
	"eg_storage_write":    abi.StorageWrite{},
	"eg_storage_list":     abi.StorageList{},
	"eg_storage_copy":     abi.StorageCopy{},
	"eg_storage_presign":  abi.StoragePresign{},
	"eg_storage_object":   abi.StorageObject{},
	"eg_storage_entry":    abi.StorageEntry{},
	"eg_storage_page":     abi.StoragePage{},
	"eg_storage_url":      abi.StorageURL{},
	"eg_email_attachment": abi.EmailAttachment{},
	"eg_email_message":    abi.EmailMessage{},
	"eg_email_accepted":   abi.EmailAccepted{},
	"eg_email_query":      abi.EmailQuery{},
	"eg_email_state":      abi.EmailState{},
	"eg_http_request":     abi.HTTPRequest{},
	"eg_http_response":    abi.HTTPResponse{},
}

// goName is the Go name of a C member: body_kind is BodyKind, abi_major is
// ABIMajor.
func goName(name string) string {
	initialisms := map[string]string{"abi": "ABI", "id": "ID", "sdk": "SDK", "url": "URL", "html": "HTML", "ttl": "TTL", "etag": "ETag"}
	var joined strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if upper, ok := initialisms[word]; ok {
			joined.WriteString(upper)
		} else {
			joined.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return joined.String()
}

func TestGoMirrorsHaveTheSameLayout(t *testing.T) {
	for _, s := range all() {
		mirror, ok := mirrors[s.Name]
		if !ok {
			t.Errorf("%s has no Go mirror", s.Name)
			continue
		}
		typ := reflect.TypeOf(mirror)
		if typ.Size() != s.Size || typ.NumField() != len(s.Fields) {
			t.Errorf("%s: %d bytes and %d fields, want %d and %d", typ, typ.Size(), typ.NumField(), s.Size, len(s.Fields))
		}
		for _, want := range s.Fields {
			got, ok := typ.FieldByName(goName(want.Name))
			switch {
			case !ok:
				t.Errorf("%s has no field %s", typ, goName(want.Name))
			case got.Offset != want.Offset || got.Type.Size() != want.Size:
				t.Errorf("%s.%s: offset %d, size %d; want %d, %d", typ, got.Name, got.Offset, got.Type.Size(), want.Offset, want.Size)
			}
		}
	}
}

// A pointer in memory that a library writes could hold anything: the garbage
// collector must never see one.
func TestGoMirrorsHoldNoPointers(t *testing.T) {
	var check func(typ reflect.Type, where string)
	check = func(typ reflect.Type, where string) {
		switch typ.Kind() {
		case reflect.Struct:
			for i := range typ.NumField() {
				check(typ.Field(i).Type, where+"."+typ.Field(i).Name)
			}
		case reflect.Uint32, reflect.Uint64, reflect.Int32, reflect.Int64, reflect.Uintptr:
		default:
			t.Errorf("%s is a %s", where, typ)
		}
	}
	for name, mirror := range mirrors {
		check(reflect.TypeOf(mirror), name)
	}
}

func TestGoKnowsEveryStatus(t *testing.T) {
	var body strings.Builder
	names := statusDef.FindAllStringSubmatch(header(t), -1)
	for _, name := range names {
		fmt.Fprintf(&body, "printf(\"%%d\\n\", (int)%s);\n", name[1])
	}
	values := strings.Fields(execute(t, "gcc", "c", body.String()))
	if len(names) < 17 || len(values) != len(names) {
		t.Fatalf("%d statuses in the header, %d values", len(names), len(values))
	}
	for i, name := range names {
		var value int32
		if _, err := fmt.Sscan(values[i], &value); err != nil {
			t.Fatal(err)
		}
		if got := abi.Status(value).String(); got != name[1] {
			t.Errorf("%d is %s in the header and %s in Go", value, name[1], got)
		}
	}
}

// The version is written down in four places: numbers in C and Go, the text
// that inspection compares, and the name of an export.
func TestVersionIsTheSameEverywhere(t *testing.T) {
	version := execute(t, "gcc", "c", "printf(\"%u.%u\", EG_ABI_MAJOR, EG_ABI_MINOR);\n")
	if version != fmt.Sprintf("%d.%d", abi.Major, abi.Minor) || version != inspect.ABI {
		t.Errorf("header %s, Go %d.%d, inspection %s", version, abi.Major, abi.Minor, inspect.ABI)
	}
	if export := fmt.Sprintf("handler_abi_%d_%d(", abi.Major, abi.Minor); !strings.Contains(header(t), export) {
		t.Errorf("the header does not declare %s)", export)
	}
}
