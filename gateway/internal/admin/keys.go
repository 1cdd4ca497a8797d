package admin

import (
	"context"
	"net/http"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type keyOutput struct {
	Location string `header:"Location" doc:"Where it can be deleted."`
	Body     model.NewKey
}

func (a *API) registerKeys() {
	register(a, "list-keys", doc{tag: "keys", summary: "List keys", more: "Without their tokens, which are not kept."},
		func(ctx context.Context, in *Paging) (*listed[model.Key], error) {
			part, err := a.control.Keys(ctx, in.page())
			return list(ctx, part, err)
		})
	register(a, "create-key", doc{
		tag: "keys", summary: "Create a key",
		more:   "Its token is shown in this answer and never again. There is no Idempotency-Key for it, since the token is not kept: a second request is answered by 409.",
		status: http.StatusCreated, example: map[string]any{"name": "ci", "scope": "deploy", "endpoints": []string{"orders"}},
	}, func(ctx context.Context, in *struct{ Body model.KeySpec }) (*keyOutput, error) {
		key, err := a.control.CreateKey(ctx, in.Body)
		if err != nil {
			return nil, err
		}
		return &keyOutput{v1 + "/keys/" + key.Name, key}, nil
	})
	register(a, "delete-key", doc{tag: "keys", summary: "Delete a key", more: "Its token is of no use from then on."},
		func(ctx context.Context, in *struct {
			Key string `path:"key" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]{0,63}$" doc:"Name of the key."`
		}) (*struct{}, error) {
			return nil, a.control.DeleteKey(ctx, in.Key)
		})
}
