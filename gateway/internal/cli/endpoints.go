package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type endpointsCommand struct {
	List    listEndpoints   `cmd:"" default:"withargs" help:"List them."`
	Show    showEndpoint    `cmd:"" help:"Show all of one."`
	Set     setEndpoint     `cmd:"" help:"Change what is named and leave the rest."`
	Source  endpointSource  `cmd:"" help:"Write the source that the gateway has of one to a folder."`
	Enable  enableEndpoint  `cmd:"" help:"Route to one again."`
	Disable disableEndpoint `cmd:"" help:"Take the route of one away; its path answers 404."`
	Release releaseEndpoint `cmd:"" help:"Forget why a version of one was put into a process of its own; with isolation auto it has to prove itself anew."`
	Delete  deleteEndpoint  `cmd:"" help:"Delete one, with its versions."`
}

type listEndpoints struct {
	remote
	Domain string `help:"Only those of a domain."`
	Query  string `short:"q" help:"Only those with this in the name or path."`
}

func (c listEndpoints) Run(ctx context.Context) error {
	query := url.Values{}
	set(query, "domain", c.Domain)
	set(query, "q", c.Query)
	return list(ctx, c.remote, "/endpoints", query, 0, func(endpoints []model.Endpoint) {
		t := newTable("NAME", "ROUTE", "VERSION", "FROM", "CHANGED")
		for _, e := range endpoints {
			t.add(e.Name, routeOf(e.EndpointSpec), versionOf(e), e.Origin, ago(e.Updated))
		}
		t.print("There is no endpoint.")
	})
}

func versionOf(e model.Endpoint) string {
	switch {
	case e.Disabled:
		return "disabled"
	case e.Canary != nil:
		return fmt.Sprintf("%s + %g%% %s", short(e.Version), e.Canary.Weight, short(e.Canary.Version))
	}
	return short(e.Version)
}

// named is the endpoint that a command is about.
type named struct {
	remote
	Endpoint string `arg:"" help:"Name of the endpoint." predictor:"endpoint"`
}

func (n named) get() client.Request {
	return client.Request{Method: http.MethodGet, Path: client.Path("endpoints", n.Endpoint)}
}

func (n named) post(action ...string) client.Request {
	return client.Request{Method: http.MethodPost, Path: client.Path(append([]string{"endpoints", n.Endpoint}, action...)...)}
}

type showEndpoint struct{ named }

func (c showEndpoint) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.get(), showOne)
}

func showOne(e model.Endpoint) {
	row := func(name string, value any) {
		if text := fmt.Sprint(value); text != "" && text != "0s" && text != "0" && text != "map[]" {
			fmt.Printf("%-16s %s\n", name, oneLine(text))
		}
	}
	row("name", e.Name)
	row("route", routeOf(e.EndpointSpec))
	row("version", e.Version)
	if e.Canary != nil {
		row("canary", fmt.Sprintf("%s gets %g %%", short(e.Canary.Version), e.Canary.Weight))
	}
	row("declared by", e.Origin)
	if e.Disabled {
		row("disabled", "yes")
	}
	row("config", e.Config)
	row("services", e.Services)
	row("timeout", e.Limits.Timeout)
	row("max_body", e.Limits.MaxBody)
	row("max_concurrency", e.Limits.MaxConcurrency)
	row("max_native", e.Limits.MaxNative)
	row("max_stuck", e.Limits.MaxStuck)
	row("isolation", e.Isolation)
	row("process memory", e.Process.Memory)
	row("process cpu", e.Process.CPU)
	row("process files", e.Process.Files)
	if e.Process.Open {
		row("process open", "yes")
	}
	row("probation", probationOf(e.Probation))
	showPlacement(row, "runs in", e.Placement)
	if e.Canary != nil {
		showPlacement(row, "canary runs in", e.Canary.Placement)
	}
	row("rate", e.Limits.Rate)
	row("burst", e.Limits.Burst)
	if e.Probe != nil {
		row("probe", e.Probe.Path)
	}
	row("changed", e.Updated.Format(time.RFC3339))
	row("fault", e.Fault)
}

type setEndpoint struct {
	named
	chosen
}

func (c setEndpoint) Run(ctx context.Context) error {
	remote, err := c.client()
	if err != nil {
		return err
	}
	var e model.Endpoint
	if err := remote.Do(ctx, c.get(), &e); err != nil {
		return err
	}
	if err := c.into(&e.EndpointSpec); err != nil {
		return err
	}
	request := client.Request{Method: http.MethodPut, Path: client.Path("endpoints", c.Endpoint), In: e.EndpointSpec, Header: revision(e.Revision)}
	return call(ctx, c.remote, request, showOne)
}

type endpointSource struct {
	named
	Dir string `arg:"" type:"path" predictor:"file" help:"Folder to make; must be empty or not there."`
}

func (c endpointSource) Run(ctx context.Context) error {
	remote, err := c.client()
	if err != nil {
		return err
	}
	if there, err := os.ReadDir(c.Dir); len(there) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%q is no empty folder", c.Dir)
	}
	answer, err := remote.Open(ctx, client.Request{Method: http.MethodGet, Path: client.Path("endpoints", c.Endpoint, "source")})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	unpacked, err := archive.Unpack(answer.Body, c.Dir, archive.Limits{})
	if err != nil {
		return err
	}
	written := struct {
		Folder string `json:"folder"`
		Files  int    `json:"files"`
	}{c.Dir, unpacked.Files}
	c.print(written, func() { fmt.Printf("files in %s: %d\n", written.Folder, written.Files) })
	return nil
}

type enableEndpoint struct{ named }

func (c enableEndpoint) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.post("enable"), func(e model.Endpoint) { fmt.Printf("%s is routed to.\n", e.Name) })
}

type disableEndpoint struct{ named }

func (c disableEndpoint) Run(ctx context.Context) error {
	return call(ctx, c.remote, c.post("disable"), func(e model.Endpoint) { fmt.Printf("%s has no route now.\n", e.Name) })
}

type releaseEndpoint struct{ named }

func (c releaseEndpoint) Run(ctx context.Context) error {
	gateway, err := c.client()
	if err != nil {
		return err
	}
	var before model.Endpoint
	if err := gateway.Do(ctx, c.get(), &before); err != nil {
		return err
	}
	if !decided(before.Placement) && (before.Canary == nil || !decided(before.Canary.Placement)) {
		say("Nothing was decided about what of %s is deployed.", c.Endpoint)
	}
	return call(ctx, c.remote, c.post("release"), showOne)
}

type deleteEndpoint struct{ named }

func (c deleteEndpoint) Run(ctx context.Context) error {
	return gone(ctx, c.remote, "endpoint", c.Endpoint, "endpoints", c.Endpoint)
}

// gone deletes something.
func gone(ctx context.Context, r remote, kind, name string, path ...string) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	if err := c.Do(ctx, client.Request{Method: http.MethodDelete, Path: client.Path(path...)}, nil); err != nil {
		return err
	}
	if !r.JSON {
		fmt.Printf("The %s %q is deleted.\n", kind, name)
	}
	return nil
}
