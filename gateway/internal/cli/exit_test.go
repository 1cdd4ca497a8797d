package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
)

func TestScriptsCanTellErrorsApart(t *testing.T) {
	for status, want := range map[int]int{401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: Conflicting, 412: Conflicting, 413: Refused, 422: Refused, 429: Failed, 500: Failed} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, `{"title":"No"}`)
		}))
		c, err := client.New(client.Options{Server: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Do(context.Background(), client.Request{Method: "GET", Path: "/x"}, nil)
		if got := ExitStatus(fmt.Errorf("more: %w", err)); got != want {
			t.Errorf("%d: exit status %d, want %d (%v)", status, got, want, err)
		}
		server.Close()
		if got := ExitStatus(c.Do(context.Background(), client.Request{Method: "GET", Path: "/x"}, nil)); got != Unreachable {
			t.Errorf("without a server: %d", got)
		}
	}
	if got := ExitStatus(fmt.Errorf("deploy: %w", refusal{errors.New("it does not compile")})); got != Refused {
		t.Errorf("%d", got)
	}
}
