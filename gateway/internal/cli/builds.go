package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type buildsCommand struct {
	List   listBuilds  `cmd:"" default:"withargs" help:"List them, the newest first."`
	Start  startBuild  `cmd:"" help:"Build the source that the gateway has of an endpoint, such as an imported one."`
	Log    buildLog    `cmd:"" help:"Show what the compiler printed."`
	Cancel cancelBuild `cmd:"" help:"Cancel one that is queued or runs."`
}

type listBuilds struct {
	remote
	Endpoint string `arg:"" optional:"" predictor:"endpoint" help:"Only those of an endpoint."`
	State    string `help:"Only those in a state: queued, running, succeeded, failed or canceled."`
	Number   int    `short:"n" default:"20" help:"How many."`
}

func (c listBuilds) Run(ctx context.Context) error {
	query := url.Values{}
	set(query, "endpoint", c.Endpoint)
	set(query, "state", c.State)
	return list(ctx, c.remote, "/builds", query, c.Number, func(builds []model.Build) {
		t := newTable("BUILD", "ENDPOINT", "LANGUAGE", "STATE", "VERSION", "TOOK", "BY", "WHEN", "ERROR")
		for _, b := range builds {
			t.add(b.ID, b.Endpoint, b.Language, b.State, short(b.Version), took(b), b.By, ago(b.Queued), headOf(b.Error))
		}
		t.print("No build was found.")
	})
}

func took(b model.Build) string {
	if b.Started == nil || b.Ended == nil {
		return ""
	}
	return b.Ended.Sub(*b.Started).Round(10 * time.Millisecond).String()
}

type startBuild struct {
	named
	Deploy bool `help:"Deploy what it makes."`
}

func (c startBuild) Run(ctx context.Context) error {
	request := c.post("builds")
	request.In = model.BuildRequest{Deploy: c.Deploy}
	return call(ctx, c.remote, request, func(b model.Build) {
		fmt.Printf("build %s is %s\n", b.ID, b.State)
		say("edge-gateway builds log -f %s shows how it goes.", b.ID)
	})
}

type build struct {
	remote
	Build string `arg:"" help:"Id of the build." predictor:"build"`
}

type buildLog struct {
	build
	Follow bool `short:"f" help:"Go on until the build has ended."`
}

func (c buildLog) Run(ctx context.Context) error {
	remote, err := c.client()
	if err != nil {
		return err
	}
	answer, err := remote.Open(ctx, logOf(c.Build, c.Follow))
	if err != nil {
		return err
	}
	return copyOut(answer.Body)
}

func logOf(id string, follow bool) client.Request {
	r := client.Request{Method: http.MethodGet, Path: client.Path("builds", id, "log"), Header: http.Header{"Accept": {"text/plain"}}}
	if follow {
		r.Query = url.Values{"follow": {"true"}}
	}
	return r
}

type cancelBuild struct{ build }

func (c cancelBuild) Run(ctx context.Context) error {
	return call(ctx, c.remote, client.Request{Method: http.MethodPost, Path: client.Path("builds", c.Build, "cancel")}, func(b model.Build) {
		fmt.Printf("build %s is %s\n", b.ID, b.State)
	})
}
