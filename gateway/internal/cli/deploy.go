package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type deployCommand struct {
	remote
	Path        string   `arg:"" type:"path" predictor:"file" help:"Source folder, C file, or compiled library."`
	Name        string   `help:"Of the endpoint; default as the project's file says, or as the folder is called."`
	RemoteBuild bool     `help:"Compile where the gateway runs, not here."`
	Canary      *float64 `help:"Give it a share of the requests only, in percent." placeholder:"PERCENT"`
	Header      string   `help:"With --canary: requests with the same value of this header go to the same version." placeholder:"NAME"`
	Auto        bool     `help:"With --canary: promote it if it does well, abort it if not."`
	chosen
}

// deployment is one run of the command.
type deployment struct {
	deployCommand
	*client.Client
	project project
	before  *model.Endpoint // nil if the endpoint is new
}

func (c deployCommand) Validate() error {
	if c.Canary == nil && (c.Header != "" || c.Auto) {
		return errors.New("--header and --auto go with --canary PERCENT")
	}
	if c.Canary != nil && (*c.Canary <= 0 || *c.Canary >= 100) {
		return fmt.Errorf("--canary %g: a share is above 0 and below 100 percent", *c.Canary)
	}
	return c.chosen.Validate()
}

func (c deployCommand) Run(ctx context.Context) error {
	remote, err := c.client()
	if err != nil {
		return err
	}
	d := &deployment{deployCommand: c, Client: remote}
	if d.project, err = openProject(c.Path); err != nil {
		return err
	}
	if c.RemoteBuild && d.project.library {
		return fmt.Errorf("%q is compiled already: leave --remote-build out", c.Path)
	}
	if c.Name == "" {
		d.Name = d.project.spec.Name
	}
	// Whether there is a gateway at all is found out before a long build.
	var gateway model.Overview
	if err := d.Do(ctx, client.Request{Method: http.MethodGet, Path: "/status"}, &gateway); err != nil {
		return err
	}
	result, err := d.run(ctx)
	if err != nil {
		return err
	}
	var e model.Endpoint
	if err := d.Do(ctx, client.Request{Method: http.MethodGet, Path: client.Path("endpoints", d.Name)}, &e); err != nil {
		return err
	}
	c.print(result, func() {
		showDeploy(result)
		if c.Canary != nil {
			say("edge-gateway canary %s tells how it does; canary promote and canary abort end it.", d.Name)
		}
		fmt.Println(urlOf(gateway.Address, e.EndpointSpec))
	})
	return nil
}

func (d *deployment) run(ctx context.Context) (model.DeployResult, error) {
	if d.RemoteBuild {
		return d.undone(ctx, d.buildThere)
	}
	library, err := d.project.build(ctx)
	if err != nil {
		return model.DeployResult{}, err
	}
	return d.undone(ctx, func(ctx context.Context) (model.DeployResult, error) {
		return d.upload(ctx, library)
	})
}

// undone makes the endpoint what was chosen and then does the rest. If that
// fails, the endpoint becomes what it was before.
func (d *deployment) undone(ctx context.Context, rest func(context.Context) (model.DeployResult, error)) (model.DeployResult, error) {
	changed, err := d.prepare(context.WithoutCancel(ctx)) // else nobody knows whether it was changed
	if err != nil {
		return model.DeployResult{}, err
	}
	result, err := rest(ctx)
	if err == nil || !changed {
		return result, err
	}
	undo := client.Request{Method: http.MethodDelete, Path: client.Path("endpoints", d.Name)}
	if d.before != nil {
		undo.Method, undo.In = http.MethodPut, d.before.EndpointSpec
	}
	if failed := d.Do(context.WithoutCancel(ctx), undo, nil); failed != nil {
		say("The endpoint %s could not be made what it was: %v", d.Name, failed)
	}
	return result, err
}

// prepare creates the endpoint, or changes it to what was chosen.
func (d *deployment) prepare(ctx context.Context) (changed bool, err error) {
	var e model.Endpoint
	path := client.Path("endpoints", d.Name)
	err = d.Do(ctx, client.Request{Method: http.MethodGet, Path: path}, &e)
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusNotFound {
		return true, d.create(ctx)
	}
	if err != nil {
		return false, err
	}
	d.before = &e
	spec := e.EndpointSpec
	spec.Services, spec.Config = clone(spec.Services), clone(spec.Config)
	if err := d.into(&spec); err != nil || reflect.DeepEqual(spec, e.EndpointSpec) {
		return false, err
	}
	say("Endpoint %s: %s (changed)", spec.Name, routeOf(spec))
	return true, d.Do(ctx, client.Request{Method: http.MethodPut, Path: path, In: spec, Header: revision(e.Revision)}, nil)
}

func (d *deployment) create(ctx context.Context) error {
	spec := d.project.spec
	spec.Name = d.Name
	if err := d.into(&spec); err != nil {
		return err
	}
	if spec.Path == "" {
		return fmt.Errorf("the endpoint %q is new: say what it answers with --route 'GET /%s'", d.Name, d.Name)
	}
	say("Endpoint %s: %s (new)", spec.Name, routeOf(spec))
	err := d.Do(ctx, client.Request{Method: http.MethodPost, Path: "/endpoints", In: spec}, nil)
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusConflict {
		return fmt.Errorf("%w; choose another route with --route, or --name an endpoint that is there", err)
	}
	return err
}

func clone(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (d *deployment) upload(ctx context.Context, library string) (model.DeployResult, error) {
	var result model.DeployResult
	file, err := os.Open(library)
	if err != nil {
		return result, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return result, err
	}
	body, done := progress(file, info.Size(), "Uploading")
	var version model.Version
	err = d.Do(ctx, client.Request{
		Method: http.MethodPost, Path: client.Path("endpoints", d.Name, "versions"),
		Body: body, Size: info.Size(), ContentType: "application/octet-stream",
	}, &version)
	done(err == nil)
	if err != nil {
		return result, err
	}
	request := model.DeployRequest{Version: version.Digest, Canary: d.canary()}
	err = d.Do(ctx, client.Request{Method: http.MethodPost, Path: client.Path("endpoints", d.Name, "deploy"), In: request}, &result)
	if err == nil {
		say("Tried it in a process of its own: good")
	}
	return result, err
}

func (d *deployment) canary() *model.CanaryRequest {
	if d.Canary == nil {
		return nil
	}
	request := &model.CanaryRequest{Weight: *d.Canary, Header: d.Header}
	if d.Auto {
		request.Auto = &model.CanaryRule{}
	}
	return request
}

// buildThere sends the source and has the gateway compile it.
func (d *deployment) buildThere(ctx context.Context) (model.DeployResult, error) {
	var none model.DeployResult
	source, err := d.project.pack()
	if err != nil {
		return none, err
	}
	body, done := progress(source, int64(source.Len()), "Sending the source")
	err = d.Do(ctx, client.Request{
		Method: http.MethodPut, Path: client.Path("endpoints", d.Name, "source"),
		Body: body, Size: int64(source.Len()), ContentType: "application/x-tar",
	}, nil)
	done(err == nil)
	if err != nil {
		return none, err
	}
	var b model.Build
	request := client.Request{Method: http.MethodPost, Path: client.Path("endpoints", d.Name, "builds"), In: model.BuildRequest{Deploy: d.Canary == nil}}
	if err := d.Do(ctx, request, &b); err != nil {
		return none, err
	}
	say("Build %s on the gateway's machine:", b.ID)
	if err := d.follow(ctx, b.ID); err != nil {
		if ctx.Err() != nil {
			d.cancel(ctx, b.ID)
		}
		return none, err
	}
	if err := d.Do(ctx, client.Request{Method: http.MethodGet, Path: client.Path("builds", b.ID)}, &b); err != nil {
		return none, err
	}
	switch {
	case b.Error != "":
		return none, refusal{errors.New(b.Error)}
	case b.State != model.BuildSucceeded:
		return none, refusal{fmt.Errorf("build %s is %s", b.ID, b.State)}
	case b.Deployed != nil:
		say("Tried it in a process of its own: good")
		return *b.Deployed, nil
	}
	err = d.Do(ctx, client.Request{Method: http.MethodPost, Path: client.Path("endpoints", d.Name, "deploy"),
		In: model.DeployRequest{Version: b.Version, Canary: d.canary()}}, &none)
	return none, err
}

// cancel ends a build that nobody waits for any more.
func (d *deployment) cancel(ctx context.Context, id string) {
	request := client.Request{Method: http.MethodPost, Path: client.Path("builds", id, "cancel")}
	if err := d.Do(context.WithoutCancel(ctx), request, nil); err != nil {
		say("The build %s could not be canceled: %v", id, err)
	}
}

// follow prints the log of a build until it has ended.
func (d *deployment) follow(ctx context.Context, id string) error {
	answer, err := d.Open(ctx, logOf(id, true))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return indent(os.Stderr, answer.Body)
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// urlOf is where to try an endpoint.
func urlOf(address string, e model.EndpointSpec) string {
	path := parameter.ReplaceAllStringFunc(e.Path, func(p string) string {
		name, _, _ := strings.Cut(strings.Trim(p, "{}?"), ":")
		return name
	})
	path = strings.Replace(path, "/name", "/world", 1)
	address = "http://" + address
	if e.Domain == "" || strings.HasPrefix(e.Domain, "*.") {
		return address + path
	}
	return "http://" + e.Domain + path + " (here: curl -H 'Host: " + e.Domain + "' " + address + path + ")"
}
