package failpoint_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

const childVariable = "EDGE_GATEWAY_TEST_FAILPOINT_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	defer fmt.Println("deferred")
	for n := range 5 {
		fmt.Println(n)
		failpoint.Reach("artifact.synced", "")
		failpoint.Reach("state.written", "")
	}
	fmt.Println("end")
}

func TestEnvironment(t *testing.T) {
	absent, there := filepath.Join(t.TempDir(), "armed"), os.Args[0]
	for text, said := range map[string]string{
		"artifact.synced@" + there:    "0",
		"artifact.synced:3@" + there:  "0 1 2",
		"artifact.synced:3@" + absent: "0 1 2 3 4 end deferred",
		"":                            "0 1 2 3 4 end deferred",
		"state.committed":             "0 1 2 3 4 end deferred",
		"state.written":               "0",
		"artifact.synced:1":           "0",
		"artifact.synced:4":           "0 1 2 3",
		"state.written:6":             "0 1 2 3 4 end deferred",
	} {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childVariable+"=1", failpoint.Variable+"="+text)
		out, err := child.Output()
		if got := strings.Join(strings.Fields(string(out)), " "); got != said {
			t.Errorf("%q: it said %q, want %q", text, got, said)
		}
		if killed := !strings.HasSuffix(said, "deferred"); killed != (err != nil) {
			t.Errorf("%q: it ended with %v", text, err)
		}
	}
	for _, text := range []string{"nowhere", "state.written:", "state.written:0", "state.written:x", ":1", "@" + there} {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childVariable+"=1", failpoint.Variable+"="+text)
		out, err := child.CombinedOutput()
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.HasPrefix(string(out), failpoint.Variable) {
			t.Errorf("%q: it ended with %v and said %q", text, err, out)
		}
	}
}

// TestSteps: the lists have all steps that the gateway reaches, and no others.
func TestSteps(t *testing.T) {
	reached := map[string]bool{}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is {
				return true
			}
			f, is := call.Fun.(*ast.SelectorExpr)
			if !is || f.Sel.Name != "Reach" {
				return true
			}
			if of, is := f.X.(*ast.Ident); !is || of.Name != "failpoint" {
				return true
			}
			step, is := call.Args[0].(*ast.BasicLit)
			if !is {
				t.Errorf("%s: a step that is not a literal", path)
				return true
			}
			name, err := strconv.Unquote(step.Value)
			if err != nil {
				t.Error(err)
			}
			reached[name] = true
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Sorted(slices.Values(slices.Concat(failpoint.Control, failpoint.Change, failpoint.Mail)))
	if got := slices.Sorted(maps.Keys(reached)); !slices.Equal(got, all) {
		t.Errorf("reached %q\nlisted  %q", got, all)
	}
}
