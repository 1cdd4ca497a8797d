package cli

import (
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestNothingThatATerminalObeysIsPrinted(t *testing.T) {
	hostile := "a\x1b[2Jb\x1b]0;title\ac\u009bd\re\u202ef\x7fg\nh\ti é\xff"
	want := "a\\x1b[2Jb\\x1b]0;title\\ac\\u009bd\\re\\u202ef\\u007fg\nh\ti é\uFFFD"
	want = strings.ReplaceAll(want, `\u007f`, `\x7f`)
	if got := Plain(hostile); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	var copied strings.Builder
	if err := copyPlain(&copied, iotest.OneByteReader(strings.NewReader(hostile))); err != nil || copied.String() != want {
		t.Errorf("copied %q, %v", copied.String(), err)
	}
	for name, print := range map[string]func(){
		"a table": func() { tbl := newTable("A"); tbl.add(hostile); tbl.print("") },
		"a line of the log": func() {
			showLine(model.LogLine{At: time.Now(), Level: "info", Message: hostile, RequestID: hostile, More: map[string]string{hostile: hostile}})
		},
	} {
		got := printed(t, print)
		if strings.ContainsFunc(got, commands) || strings.Contains(got, "\nh") {
			t.Errorf("%s is printed as %q", name, got)
		}
	}
}

// printed is what f writes to standard output.
func printed(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	f()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
