package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type canaryCommand struct {
	Show    canaryShow    `cmd:"" default:"withargs" help:"How it does beside the version deployed."`
	Promote canaryPromote `cmd:"" help:"Give it all of the requests."`
	Abort   canaryAbort   `cmd:"" help:"Take its share away."`
}

type canaryShow struct{ named }

func (c canaryShow) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.get(), func(e model.Endpoint) {
		if e.Canary == nil {
			fmt.Printf("%s has no canary: edge-gateway deploy DIR --name %s --canary 5 starts one.\n", e.Name, e.Name)
			return
		}
		fmt.Printf("%s: %g %% of the requests for %s\n\n", e.Name, e.Canary.Weight, span(time.Since(e.Canary.Started)))
		t := newTable("", "VERSION", "REQUESTS", "5XX", "P95")
		t.add("deployed", short(e.Version), e.Canary.Current.Requests, e.Canary.Current.Errors, milliseconds(e.Canary.Current.P95))
		t.add("canary", short(e.Canary.Version), e.Canary.Candidate.Requests, e.Canary.Candidate.Errors, milliseconds(e.Canary.Candidate.P95))
		t.print("")
		if e.Canary.Verdict != "" {
			fmt.Println("\n" + Plain(e.Canary.Verdict))
		}
	})
}

type canaryPromote struct{ named }

func (c canaryPromote) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.post("canary", "promote"), showDeploy)
}

type canaryAbort struct{ named }

func (c canaryAbort) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.post("canary", "abort"), showDeploy)
}
