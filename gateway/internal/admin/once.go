package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Idempotent is the input of what must not happen twice because an answer was
// lost on its way.
type Idempotent struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"128" pattern:"^[!-~]*$" doc:"Chosen by the client for this one change. For a day the same request under the same key does nothing more, and gets the same answer." example:"6f1b7c1e-create-orders"`
}

// once runs do with a context of its own, unless it ran before under the same key. T has no secrets: its
// JSON is stored.
//
// Keys are not made through it. Their token must not be stored, so a second
// request cannot be given it again; that one is answered by 409, since the name
// is taken.
func once[T any](ctx context.Context, a *API, i Idempotent, do func(context.Context) (T, error)) (result T, replayed string, err error) {
	if i.IdempotencyKey == "" {
		result, err = do(ctx)
		return result, "", err
	}
	x := exchangeOf(ctx)
	ran := false
	answer, err := a.control.Once(ctx, i.IdempotencyKey, x.r.Method+" "+x.r.URL.RequestURI()+" "+x.body, func(ctx context.Context) ([]byte, error) {
		ran = true
		made, err := do(ctx)
		if err != nil {
			return nil, err
		}
		return json.Marshal(made)
	})
	var e *model.Error
	if errors.As(err, &e) && e.Kind == model.Conflict && !ran {
		err = model.Errorf(model.Invalid, "%s", e.Reason).At("Idempotency-Key")
	}
	if err != nil {
		return result, "", err
	}
	if !ran {
		replayed = "true"
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return result, "", fmt.Errorf("read the answer kept under an idempotency key: %w", err)
	}
	return result, replayed, nil
}
