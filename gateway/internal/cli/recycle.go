package cli

import (
	"context"
	"fmt"
	"net/http"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type recycleCommand struct{ remote }

func (c recycleCommand) Run(ctx context.Context) error {
	return call(ctx, c.remote, client.Request{Method: http.MethodPost, Path: "/recycle"}, func(r model.Recycled) {
		fmt.Printf("worker process %d serves; %d finishes what it has and ends\n", r.Pid, r.Before)
	})
}
