package admin

import (
	"context"
	"net/http"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func (a *API) registerCrashes() {
	register(a, "list-crashes", doc{
		tag: "status", summary: "List how native code ended processes",
		errors: []int{http.StatusNotFound},
		more:   "Those of workers, and of isolated endpoints. The newest first, and the last 50 only. A key that is limited to endpoints sees those that these are to blame for.",
	}, func(ctx context.Context, in *struct {
		Paging
		Endpoint string `query:"endpoint" maxLength:"64" doc:"Only those that this endpoint is to blame for."`
	}) (*listed[model.Crash], error) {
		actor := model.ActorOf(ctx)
		names := visible(actor)
		if in.Endpoint != "" {
			if !actor.Reaches(in.Endpoint) {
				return list(ctx, model.List[model.Crash]{}, nil)
			}
			names = []string{in.Endpoint}
		}
		part, err := a.control.Crashes(ctx, names, in.page())
		if err == nil && in.Endpoint != "" && len(part.Items) == 0 { // those of a deleted one are still there
			_, err = a.control.Endpoint(ctx, in.Endpoint)
		}
		if limited(actor) { // others have frames on the stack too
			for i := range part.Items {
				part.Items[i].Frames, part.Items[i].Suspects = nil, nil
			}
		}
		return list(ctx, part, err)
	})
}
