package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Problem is an error that the API answered.
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"` // a sentence
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
	Other  string `json:"other"`  // what it conflicts with
	Output string `json:"output"` // long text, such as a compiler's
}

func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Detail)
	if p.Detail == "" {
		fmt.Fprintf(&b, "the gateway answered %d %s", p.Status, http.StatusText(p.Status))
	}
	for _, e := range p.Errors {
		if e.Message == p.Detail || e.Location+": "+e.Message == p.Detail {
			continue
		}
		fmt.Fprintf(&b, "\n  %s: %s", e.Location, e.Message)
	}
	if p.Status == http.StatusUnauthorized {
		b.WriteString("; give a token with EDGE_GATEWAY_TOKEN or --token")
	}
	if p.Output != "" {
		b.WriteString("\n  " + strings.ReplaceAll(strings.TrimRight(p.Output, "\n"), "\n", "\n  "))
	}
	return b.String()
}

// readProblem makes an error of an answer, whoever gave it: a proxy between may
// answer other than the API, and so does the address that endpoints are served
// on.
func (c *Client) readProblem(answer *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	p := &Problem{}
	if json.Unmarshal(text, p) != nil || p.Detail == "" && p.Title == "" {
		return fmt.Errorf("%s answered %s: %q; is that the address of an admin API?", c.place, answer.Status, firstLine(text))
	}
	p.Status = answer.StatusCode
	return p
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line[:min(len(line), 200)]
}
