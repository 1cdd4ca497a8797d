package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reference is the documentation of Kinds.
func reference() string {
	var b strings.Builder
	for _, kind := range Kinds {
		for n, driver := range kind.Drivers {
			note := ""
			if n == 0 {
				note = ", the default"
			}
			fmt.Fprintf(&b, "### %s: %s%s\n\n%d workers, timeout %s.\n\n| option | type | default | |\n|---|---|---|---|\n", kind.Name, driver.Name, note, driver.Workers, short(driver.Timeout))
			for _, o := range driver.Options {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Name, typeNames[o.Type], shownDefault(o), helpOf(o))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

var typeNames = map[OptionType]string{
	Text: "text", Secret: "secret", Path: "path", Integer: "number", Boolean: "boolean", Duration: "duration", Size: "size", Texts: "list of texts",
}

func shownDefault(o Option) string {
	switch v := o.Default.(type) {
	case nil:
		if o.Required {
			return "required"
		}
		if o.Type == Boolean {
			return "`false`"
		}
		if o.Type == Integer {
			return "`0`"
		}
		return ""
	case string:
		return "`" + strconv.Quote(v) + "`"
	case time.Duration:
		return "`\"" + short(v) + "\"`"
	case int64:
		if o.Type == Size {
			return "`\"" + formatSize(v) + "\"`"
		}
	}
	return fmt.Sprintf("`%v`", o.Default)
}

func helpOf(o Option) string {
	if len(o.Values) > 0 {
		return strings.TrimPrefix(o.Help+"; ", "; ") + "one of " + strings.Join(o.Values, ", ")
	}
	return o.Help
}

// short writes 10s for 10s, 5m for 5m0s and 24h for 24h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// The documentation is made from Kinds: EDGE_GATEWAY_UPDATE=1 writes it.
func TestServicesAreDocumentedAsTheyAre(t *testing.T) {
	const file, mark = "../../docs/SERVICES.md", "## Kinds\n\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("%s has no %q", file, mark)
	}
	rest := ""
	if at := strings.Index(after, "\n## "); at >= 0 {
		after, rest = after[:at], after[at:]
	}
	want := strings.TrimRight(reference(), "\n") + "\n"
	if after == want {
		return
	}
	if os.Getenv("EDGE_GATEWAY_UPDATE") == "1" {
		if err := os.WriteFile(file, []byte(before+mark+want+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is not as config.Kinds is; run this test with EDGE_GATEWAY_UPDATE=1", file)
}
