package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const bound = `
[[endpoint]]
name = "a"
path = "/a"
library = "lib.so"
[endpoint.services]
db = "orders"
`

func parseServices(t *testing.T, text string) (*File, string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "lib.so"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Parse("c.toml", []byte(text), dir)
	return f, dir, err
}

func TestServicesAreReadAndCompleted(t *testing.T) {
	t.Setenv("TEST_DATABASE_URL", "postgres://u:hunter2@h/d")
	f, dir, err := parseServices(t, bound+`
[[service]]
name = "orders"
kind = "sql"
driver = "postgres"
url = "env:TEST_DATABASE_URL"
password = "file:secret"
workers = 3
max_bytes = "1MiB"
tx_idle = "2s"
[[service]]
name = "files"
kind = "storage"
path = "objects"
enabled = false
mailbox = 7
timeout = "1s"
`)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Endpoints[0].Services, map[string]string{"db": "orders"}) {
		t.Errorf("bindings %v", f.Endpoints[0].Services)
	}
	orders, files := f.Services[0], f.Services[1]
	want := Service{Line: 9, Name: "orders", Kind: "sql", Driver: "postgres", Enabled: true, Workers: 3, Mailbox: 256, Timeout: 10 * time.Second,
		Options: Options{"url": Hidden("postgres://u:hunter2@h/d"), "password": Hidden("from a file"), "connect_timeout": 5 * time.Second,
			"max_rows": int64(10_000), "max_bytes": int64(1 << 20), "tx_idle": 2 * time.Second}}
	if !reflect.DeepEqual(orders, want) {
		t.Errorf("got  %#v\nwant %#v", orders, want)
	}
	if files.Enabled || files.Driver != "directory" || files.Mailbox != 7 || files.Timeout != time.Second ||
		files.Options.Text("path") != filepath.Join(dir, "objects") || files.Options.Int("max_object") != 1<<30 {
		t.Errorf("got %#v", files)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", orders, orders, orders, orders.Options); strings.Contains(shown, "hunter2") || strings.Contains(shown, "from a file") {
		t.Errorf("a secret shows: %s", shown)
	}
}

func TestMistakesInServicesAreToldWithTheirLine(t *testing.T) {
	service := func(lines string) string { return "[[service]]\nname = \"s\"\n" + lines }
	for _, test := range []struct{ text, want string }{
		{bound, `7:6: there is no service "orders": the file has no [[service]]`},
		{bound + "[[service]]\nname = \"order\"\nkind = \"cache\"\n", `7:6: there is no service "orders"; did you mean "order"?`},
		{service(""), `1:3: [[service]] has no "kind": one of sql, cache, storage, email, http`},
		{service(`kind = "sq"`), `3:8: there is no kind of service "sq": it is one of sql, cache, storage, email, http`},
		{service("kind = \"cache\"\ndriver = \"reddis\""), `4:10: there is no driver "reddis" for kind "cache": it is one of memory, memcached, redis; did you mean "redis"?`},
		{service("kind = \"cache\"\ndriver = \"redis\""), `1:3: service "s" has no "address", which driver "redis" needs: "127.0.0.1:6379"`},
		{service("kind = \"cache\"\nmax_byte = 3"), `4:1: unknown key "max_byte" of a service of kind "cache" with driver "memory"; did you mean "max_bytes"?`},
		{service("kind = \"cache\"\nmax_bytes = true"), `4:13: "max_bytes" must be an integer (bytes) or a string such as "8MiB" or "64KB", not a boolean`},
		{service("kind = \"sql\"\ndriver = \"postgres\"\nurl = \"env:TEST_NOT_SET\""), `5:7: "url": the environment variable TEST_NOT_SET is not set`},
		{service("kind = \"sql\"\ndriver = \"postgres\"\nurl = \"file:nowhere\""), `no such file or directory`},
		{service("kind = \"cache\"\nworkers = 0"), `4:11: "workers" must be from 1 to 1024, not 0`},
		{service("kind = \"cache\"\nenabled = 1"), `4:11: "enabled" must be true or false, not an integer`},
		{service("kind = \"cache\"\n[[service]]\nname = \"s\"\nkind = \"cache\"\n"), `5:8: service "s" is already defined at line 1`},
		{service("kind = \"storage\"\ndriver = \"s3\"\nendpoint = \"http://h\""), "1:3: service \"s\" has no \"bucket\", which driver \"s3\" needs\n"},
		{service(`kind = "postgres"`), `; did you mean kind = "sql" with driver = "postgres"?`},
		{service("kind = \"sql\"\nurl = \"postgres://h/d\""), `4:1: "url" is a key of driver "postgres": write driver = "postgres" beside kind = "sql"`},
		{service("kind = \"email\"\nfrom = \"a@b.c\"\ndatabases = [\"main\"]\n[[service]]\nname = \"mains\"\nkind = \"sql\"\n"), `5:1: there is no service "main"; did you mean "mains"?`},
		{service("kind = \"email\"\nfrom = \"a@b.c\"\ndatabases = [\"s\"]\n"), `5:1: service "s" is of kind "email": mail is sent in transactions of a service of kind "sql"`},
		{"[service]\nname = \"s\"\n", `1:2: every service is a table of its own, written [[service]]`},
		{service("kind = \"email\"\ndriver = \"smtp\"\nfrom = \"a@b.c\"\nhost = \"h\"\nencryption = \"ssl\""), `7:14: "encryption" must be one of starttls, tls, none, not "ssl"`},
	} {
		_, _, err := parseServices(t, test.text)
		var all Errors
		if !errors.As(err, &all) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\ngot  %v\nwant %s", test.text, err, test.want)
		}
	}
}

func TestEveryOptionHasADefaultOfItsType(t *testing.T) {
	for _, kind := range Kinds {
		for _, driver := range kind.Drivers {
			given := Options{}
			for _, o := range driver.Options {
				if o.Required {
					given[o.Name] = map[OptionType]any{Text: "x", Secret: "x", Path: "/x", Texts: []string{"x"}}[o.Type]
				}
			}
			s, err := Service{Name: "s", Kind: kind.Name, Driver: driver.Name, Options: given}.Complete()
			if err != nil {
				t.Errorf("%s/%s: %v", kind.Name, driver.Name, err)
			}
			if s.Workers < 1 || s.Timeout <= 0 || s.Mailbox < 1 {
				t.Errorf("%s/%s: %+v", kind.Name, driver.Name, s)
			}
		}
	}
}
