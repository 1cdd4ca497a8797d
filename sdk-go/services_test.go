package edge_test

import (
	"os"
	"strings"
	"testing"
)

// The file has, for each path of the handler, what the host received and then
// what the handler got.
func TestOperationsReachTheHostAndTheirResultsTheHandler(t *testing.T) {
	expected, err := os.ReadFile("testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(expected), "== ")[1:] {
		path, want, _ := strings.Cut(part, "\n")
		t.Run(strings.TrimPrefix(path, "/"), func(t *testing.T) {
			got := drive(t, "testdata/services", "", "GET", path, "")
			_, got, _ = strings.Cut(got, "init 0\n")
			before, after, _ := strings.Cut(got, "entry 0\nstatus 200\n")
			if _, answer, _ := strings.Cut(after, "\nbody "); before+answer[strings.Index(answer, "\n")+1:] != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestOperationsOfManyGoroutinesRunSideBySide(t *testing.T) {
	got := drive(t, "testdata/services", "", "GET", "/sql/together", "")
	if !strings.HasSuffix(got, "\ntogether\n") || strings.Count(got, "\nsql query 'together 16'") != 16 {
		t.Errorf("got\n%s", got)
	}
	for _, path := range []string{"/sql/query", "/sql/each", "/cache", "/storage/list", "/email", "/http"} {
		if got := drive(t, "testdata/services", "", "GET", path, "", "-t", "8", "-n", "200"); !strings.Contains(got, "status 200\n") {
			t.Errorf("%s: got\n%s", path, got)
		}
	}
}

func TestACallThatOutlivesItsRequestGetsAStatusAndNoMemoryThatIsGone(t *testing.T) {
	got := drive(t, "testdata/services", "", "GET", "/sql/outlive", "")
	if !strings.HasSuffix(got, "\nlog 1 instance: late: the request has been answered already\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestAnInstanceUsesServicesInTheBackground(t *testing.T) {
	got := drive(t, "testdata/services", "", "GET", "/none", "", "-c", "background", "1")
	want := "sql query 'select $1' flags 1 text 'background'\nlog 1 instance: background\n" +
		"sql query 'fail -13 none none 0 no background'\nlog 1 instance: no background\ninit 0\n"
	if !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
