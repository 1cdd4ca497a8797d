package cli

import (
	"context"
	"fmt"
	"net/url"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type crashesCommand struct {
	remote
	Endpoint string `help:"Only those that this endpoint is to blame for."`
	Number   int    `short:"n" default:"10" help:"How many, the newest first."`
}

func (c crashesCommand) Run(ctx context.Context) error {
	query := url.Values{}
	set(query, "endpoint", c.Endpoint)
	return list(ctx, c.remote, "/crashes", query, c.Number, func(crashes []model.Crash) {
		for _, one := range crashes {
			fmt.Printf("%s  %s", one.At.Local().Format("2006-01-02 15:04:05"), one)
		}
		switch {
		case len(crashes) > 0:
		case c.Endpoint != "":
			fmt.Printf("None of endpoint %s.\n", c.Endpoint)
		default:
			fmt.Println("No process was ended by native code.")
		}
	})
}
