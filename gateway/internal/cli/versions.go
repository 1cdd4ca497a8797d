package cli

import (
	"context"
	"fmt"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type versionsCommand struct {
	named
	History bool   `help:"List what was deployed when, instead."`
	Deploy  string `help:"Deploy the version of which the digest begins so." placeholder:"DIGEST"`
	Number  int    `short:"n" default:"20" help:"How many, the newest first."`
}

func (c versionsCommand) Run(ctx context.Context) error {
	if c.Deploy != "" {
		request := c.post("deploy")
		request.In = model.DeployRequest{Version: c.Deploy}
		return call(ctx, c.remote, request, showDeploy)
	}
	if c.History {
		return list(ctx, c.remote, client.Path("endpoints", c.Endpoint, "deploys"), nil, c.Number, func(deploys []model.Deploy) {
			t := newTable("WHEN", "WHAT", "OLD", "NEW", "BY", "WHY")
			for _, d := range deploys {
				t.add(ago(d.At), d.Action, short(d.Old), short(d.New), d.By, d.Reason)
			}
			t.print("Nothing was deployed yet.")
		})
	}
	return list(ctx, c.remote, client.Path("endpoints", c.Endpoint, "versions"), nil, c.Number, func(versions []model.Version) {
		t := newTable("VERSION", "LANGUAGE", "SIZE", "FROM", "BY", "WHEN", "")
		for _, v := range versions {
			deployed := " "
			if v.Current {
				deployed = "deployed"
			}
			t.add(short(v.Digest), v.Language, sizeText(v.Size), v.Origin, v.By, ago(v.Created), deployed)
		}
		t.print("It has no version yet: edge-gateway deploy DIR --name " + c.Endpoint + " makes one.")
	})
}

type rollbackCommand struct{ named }

func (c rollbackCommand) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.post("rollback"), showDeploy)
}

type undeployCommand struct{ named }

func (c undeployCommand) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.post("undeploy"), showDeploy)
}

// showDeploy tells what a deploy did.
func showDeploy(d model.DeployResult) {
	switch d.Action {
	case "undeploy":
		fmt.Printf("%s: %s is no longer deployed; requests get 503\n", d.Endpoint, short(d.Old))
	case "canary":
		fmt.Printf("%s: %s has its share of the requests, %s has the rest\n", d.Endpoint, short(d.New), short(d.Old))
	case "abort":
		fmt.Printf("%s: %s has all requests again\n", d.Endpoint, short(d.New))
	case "rollback":
		fmt.Printf("%s: %s serves again\n", d.Endpoint, short(d.New))
	default:
		fmt.Printf("%s: %s serves\n", d.Endpoint, short(d.New))
	}
	if d.Old == "" || d.Old == d.New || d.Action == "canary" {
		return
	}
	switch d.Fate {
	case "draining":
		fmt.Printf("  %s finishes %d requests\n", short(d.Old), d.Draining)
	case "unloaded":
		fmt.Printf("  %s is unloaded\n", short(d.Old))
	case "retained":
		fmt.Printf("  %s stays in memory: it cannot be unloaded\n", short(d.Old))
	}
}
