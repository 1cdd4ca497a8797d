package edge_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestCallGivesTheHandlersAnswer(t *testing.T) {
	answer := edge.Text(201, "made")
	got, err := edge.Handler(func(*edge.Request) (*edge.Response, error) { return answer, nil }).Call(&edge.Request{})
	if err != nil || got != answer {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCallFillsAMissingStatusInACopy(t *testing.T) {
	shared := &edge.Response{Body: []byte("x")}
	got, err := edge.Handler(func(*edge.Request) (*edge.Response, error) { return shared, nil }).Call(&edge.Request{})
	if err != nil || got.Status != 200 || string(got.Body) != "x" {
		t.Errorf("got %+v, %v", got, err)
	}
	if shared.Status != 0 {
		t.Error("the handler's own response was changed")
	}
}

func TestCallTurnsEveryFailureIntoAnError(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		handler edge.Handler
		is      error
		text    []string
	}{
		"error":          {func(*edge.Request) (*edge.Response, error) { return nil, broken }, broken, []string{"broken"}},
		"error beside":   {func(*edge.Request) (*edge.Response, error) { return edge.Text(200, "x"), broken }, broken, nil},
		"nothing":        {func(*edge.Request) (*edge.Response, error) { return nil, nil }, nil, []string{"neither"}},
		"panic":          {func(*edge.Request) (*edge.Response, error) { panic("boom") }, nil, []string{"panic: boom", "handler_test.go:"}},
		"panic of error": {func(*edge.Request) (*edge.Response, error) { panic(broken) }, broken, []string{"panic: broken"}},
		"nil handler":    {nil, nil, []string{"nil pointer"}},
		"nil service": {func(r *edge.Request) (*edge.Response, error) { return nil, r.Sleep(time.Second) }, nil,
			[]string{"nil pointer", "handler_test.go:"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.handler.Call(&edge.Request{})
			if got != nil || err == nil {
				t.Fatalf("got %v, %v", got, err)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
			for _, part := range test.text {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
		})
	}
}

func TestThePanicsStackStartsAtThePanicAndIsShort(t *testing.T) {
	var deep edge.Handler
	depth := 0
	deep = func(r *edge.Request) (*edge.Response, error) {
		if depth++; depth < 100 {
			return deep(r)
		}
		var none *edge.Response
		return none, errors.New(string(none.Body))
	}
	_, err := deep.Call(&edge.Request{})
	var panicked *edge.PanicError
	if !errors.As(err, &panicked) {
		t.Fatalf("got %T: %v", err, err)
	}
	var fault runtime.Error
	if !errors.As(err, &fault) {
		t.Errorf("the runtime's error is lost: %v", err)
	}
	lines := strings.Split(panicked.Stack, "\n")
	if len(lines) != 16 || !strings.Contains(lines[0], "StartsAtThePanic") || strings.Contains(panicked.Stack, "runtime.") {
		t.Errorf("stack of %d lines:\n%s", len(lines), panicked.Stack)
	}
}
