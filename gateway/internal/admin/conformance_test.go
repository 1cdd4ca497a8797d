package admin

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// TestTheRunningAPIIsAsItsDocumentSays sends each operation of the document
// requests that it allows, and such that it does not, to an API with everything
// behind it. None may end in a status that is not described, or in one of a
// fault of the gateway, or in a body that is not as described.
func TestTheRunningAPIIsAsItsDocumentSays(t *testing.T) {
	w := serveWhole(t)
	rounds := 12
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
		rounds = 300
	}
	w.library = compile(t)
	w.populate()
	succeeded := map[string]bool{}
	for _, op := range w.operations() {
		for round := range rounds {
			g := &generator{rand.New(rand.NewPCG(uint64(round), uint64(len(op.OperationID)))), w.document.Components.Schemas}
			if round%8 == 0 {
				w.populate()
			}
			if round%6 == 0 { // a deploy takes its time
				w.prepare(op.OperationID)
			}
			for _, bad := range []bool{false, true} {
				r, text := w.generate(g, op, bad)
				if w.check(op, r, text) < 400 {
					succeeded[op.OperationID] = true
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	for _, op := range w.operations() {
		if op.OperationID == "recycle" || op.OperationID == "upgrade" {
			continue // they are 409 where the gateway serves in a single process, as here
		}
		if !succeeded[op.OperationID] && (w.library != nil || !slices.Contains(ofLibraries, op.OperationID)) {
			t.Errorf("%s never succeeded: what is generated for it is of no use", op.OperationID)
		}
	}
}

// check sends a request and compares what comes with the document.
func (w *whole) check(op operation, r *http.Request, text string) (status int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	answer, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		w.t.Errorf("%s: %s: %v", op.OperationID, text, err)
		return 0
	}
	defer answer.Body.Close()
	status = answer.StatusCode
	fail := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("%s: %s: %d, "+format, append([]any{op.OperationID, text, status}, args...)...)
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind == eventStream && op.OperationID == "tail-logs" {
		return status // it has no end
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		fail("%v", err)
		return status
	}
	described, ok := op.Responses[strconv.Itoa(status)]
	if !ok {
		fail("which is not described: %s", body)
		return status
	}
	if status >= 500 && !(op.OperationID == "get-readiness" && status == 503) {
		fail("a fault of the gateway: %s\n%s", body, w.log.String())
		return status
	}
	if len(described.Content) == 0 || r.Method == http.MethodHead {
		if len(body) > 0 {
			fail("with a body that is not described: %s", body)
		}
		return status
	}
	media, ok := described.Content[kind]
	if !ok {
		fail("of type %q, which is not described", kind)
		return status
	}
	if kind != "application/json" && kind != problemJSON {
		return status
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		fail("%v in %q", err, body)
		return status
	}
	ref := &huma.Schema{}
	if name, ok := media.Schema["$ref"].(string); ok {
		ref.Ref = name
		var result huma.ValidateResult
		huma.Validate(w.api.huma.OpenAPI().Components.Schemas, ref, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
		if len(result.Errors) > 0 {
			fail("%v in %s", result.Errors, body)
		}
	}
	return status
}

// TestACursorThatIsNoneIsTold asks every list to go on after something that it
// has not given out.
func TestACursorThatIsNoneIsTold(t *testing.T) {
	w := serveWhole(t)
	w.populate()
	for _, op := range w.operations() {
		if !slices.ContainsFunc(op.Parameters, func(p parameter) bool { return p.Name == "after" }) {
			continue
		}
		for _, cursor := range []string{"x", "-1", "Zm9v", "'; --"} {
			path := strings.Replace(op.path, "{endpoint}", "orders", 1)
			got := w.do("GET", path+"?after="+url.QueryEscape(cursor), "")
			if p := got.problem(t); got.StatusCode != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Location != "query.after" {
				t.Errorf("%s after %s: %s %s", op.OperationID, cursor, got.Status, got.body)
			}
		}
	}
}
