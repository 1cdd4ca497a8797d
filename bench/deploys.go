package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// measureDeploys measures how long it takes from `edge-gateway deploy` of a
// project that was built before and edited since, to the answer of the new
// version, beside what the compiler itself takes.
func measureDeploys(out io.Writer, f *fleet, o options) error {
	data := filepath.Join(f.dir, "deploys")
	gateway, err := f.launch(f.binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--admin", "off", "--no-access-log")
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "language\trounds\tcompiler s\tdeploy s\tlive after s\tbeyond the compiler s\tlongest\t")
	for _, language := range []struct{ name, source, from string }{
		{"c", "handler.c", "Hello, "}, {"rust", "src/lib.rs", "Hello, "}, {"go", "handler.go", "Hello, "},
	} {
		project := filepath.Join(f.dir, "deploy-"+language.name)
		if said, err := exec.Command(f.binary, "new", language.name, project).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, said)
		}
		source := filepath.Join(project, language.source)
		text, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		var compiler, whole, live, beyond []float64
		for round := range o.rounds + 1 { // the first is to be warm
			greeting := fmt.Sprintf("Round %d, ", round)
			if err := os.WriteFile(source, []byte(strings.Replace(string(text), language.from, greeting, 1)), 0o600); err != nil {
				return err
			}
			deploy := exec.Command(f.binary, "deploy", project, "--route", "GET /"+language.name+"/{name}", "--data", data)
			begin := time.Now()
			said, err := deploy.CombinedOutput()
			took := time.Since(begin)
			if err != nil {
				return fmt.Errorf("deploy: %w: %s", err, said)
			}
			if err := greets(gateway.address, "/"+language.name+"/you", greeting+"you!"); err != nil {
				return err
			}
			until := time.Since(begin)
			compiled := compiledIn.FindSubmatch(said)
			if compiled == nil {
				return fmt.Errorf("deploy does not tell how long the compiler took: %s", said)
			}
			seconds, err := strconv.ParseFloat(string(compiled[1]), 64)
			if err != nil {
				return err
			}
			if round == 0 {
				continue
			}
			compiler, whole, live = append(compiler, seconds), append(whole, took.Seconds()), append(live, until.Seconds())
			beyond = append(beyond, until.Seconds()-seconds)
		}
		fmt.Fprintf(table, "%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", language.name, o.rounds,
			middle(compiler), middle(whole), middle(live), middle(beyond), slices.Max(beyond))
	}
	return table.Flush()
}

var compiledIn = regexp.MustCompile(`Compiled in ([0-9.]+) s`)

// greets asks once: after a deploy no request may get the old answer.
func greets(address, path, want string) error {
	answer, err := http.Get("http://" + address + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && string(body) != want {
		err = fmt.Errorf("after the deploy it answered %d %q, not %q", answer.StatusCode, body, want)
	}
	return err
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
