// Package control owns what the gateway is to serve: the state, the versions,
// the builds and the deploys. It computes a snapshot from them and from the
// configuration file, and has a [Worker] converge to it. It loads no handler.
//
// The flow of one change:
//
//	check it against the model                    endpoints.go, services.go, ...
//	try the library in a throw-away child         trial
//	have the worker converge to the new snapshot  snapshot.go
//	write it down, durably                        state
//	tell the caller
//
// What fails before the last step leaves everything as it was. A process that
// is killed between the last two serves the new version again, or the old one
// if it was not written yet; the caller had no answer in either case.
package control

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Worker serves snapshots. A [gateway.Gateway] is one; over a process boundary
// it is a message. Nothing else of the worker is reached.
type Worker interface {
	// Apply makes s what is served, or changes nothing.
	Apply(ctx context.Context, s gateway.Snapshot) error
	// Report tells what is going on, with counters since the worker started.
	Report() gateway.Report
	// TestService reaches the backend of a service that need not be part of
	// the snapshot, and tells how long that took.
	TestService(ctx context.Context, s gateway.Service) (time.Duration, error)
}

// Options of a control plane.
type Options struct {
	Dir    string // data directory; the caller has locked it
	Worker Worker
	Log    *slog.Logger

	ArtifactBudget int64 // bytes of versions and sources on disk; default 2 GiB
	CacheBudget    int64 // bytes of build caches; default 5 GiB
	LogBudget      int64 // bytes of logs; default 64 MiB
	MaxLibrary     int64 // bytes of one library; default 256 MiB
	MaxSource      int64 // bytes of one source tree; default 64 MiB
}

// Control is the control plane of one gateway. Its methods are safe for use
// from many goroutines. Who asks is told by the context; see [model.WithActor].
// Errors that a caller can act on are [*model.Error].
type Control struct{}

// Open reads the state and has the worker serve it.
func Open(ctx context.Context, o Options) (*Control, error) { panic("not written") }

// Close ends what runs in the background. The worker is left to the caller.
func (c *Control) Close(ctx context.Context) error { panic("not written") }

// Declare makes s the part of the model that the configuration file declares:
// read-only for everyone else. The error is that of [gateway.Gateway.Apply],
// and nothing has changed then. What the API has made and what contradicts it
// is left out of what is served, with a Fault that says so.
func (c *Control) Declare(ctx context.Context, s gateway.Snapshot) error { panic("not written") }

// Endpoints lists endpoints by name.
func (c *Control) Endpoints(ctx context.Context, f model.EndpointFilter, p model.Page) (model.List[model.Endpoint], error) {
	panic("not written")
}
func (c *Control) Endpoint(ctx context.Context, name string) (model.Endpoint, error) {
	panic("not written")
}
func (c *Control) CreateEndpoint(ctx context.Context, spec model.EndpointSpec) (model.Endpoint, error) {
	panic("not written")
}

// UpdateEndpoint replaces what can be chosen of an endpoint, if its revision
// still is the given one; 0 stands for any.
func (c *Control) UpdateEndpoint(ctx context.Context, name string, revision int64, spec model.EndpointSpec) (model.Endpoint, error) {
	panic("not written")
}
func (c *Control) DeleteEndpoint(ctx context.Context, name string, revision int64) error {
	panic("not written")
}

// EnableEndpoint routes to an endpoint, or takes its route away.
func (c *Control) EnableEndpoint(ctx context.Context, name string, enabled bool, revision int64) (model.Endpoint, error) {
	panic("not written")
}

// Versions lists the versions of an endpoint, the newest first.
func (c *Control) Versions(ctx context.Context, endpoint string, p model.Page) (model.List[model.Version], error) {
	panic("not written")
}

// Upload makes a version of a prebuilt library. digest, in hex, is checked
// unless it is empty. The same bytes twice are one version.
func (c *Control) Upload(ctx context.Context, endpoint string, library io.Reader, digest string) (model.Version, error) {
	panic("not written")
}

// Library opens the library of a version, to be downloaded.
func (c *Control) Library(ctx context.Context, endpoint, digest string) (io.ReadCloser, model.Version, error) {
	panic("not written")
}

// DeleteVersion forgets a version that is neither deployed nor a canary.
func (c *Control) DeleteVersion(ctx context.Context, endpoint, digest string) error {
	panic("not written")
}

// Deploy gives a version traffic: all of it, or with a canary a share.
func (c *Control) Deploy(ctx context.Context, endpoint string, r model.DeployRequest) (model.DeployResult, error) {
	panic("not written")
}
func (c *Control) Undeploy(ctx context.Context, endpoint string) (model.DeployResult, error) {
	panic("not written")
}

// Rollback deploys the version that was deployed before the present one.
func (c *Control) Rollback(ctx context.Context, endpoint string) (model.DeployResult, error) {
	panic("not written")
}

// Promote gives a canary all of the traffic; Abort takes its share away.
func (c *Control) Promote(ctx context.Context, endpoint string) (model.DeployResult, error) {
	panic("not written")
}
func (c *Control) Abort(ctx context.Context, endpoint string) (model.DeployResult, error) {
	panic("not written")
}

// Deploys lists the history of an endpoint, the newest first.
func (c *Control) Deploys(ctx context.Context, endpoint string, p model.Page) (model.List[model.Deploy], error) {
	panic("not written")
}

// PutSource replaces the source tree of an endpoint. It is a tar, gzipped or
// not, or, if filename is not empty, one file of that name.
func (c *Control) PutSource(ctx context.Context, endpoint string, source io.Reader, filename string) (model.Source, error) {
	panic("not written")
}

// Source opens the source tree as a tar.
func (c *Control) Source(ctx context.Context, endpoint string) (io.ReadCloser, model.Source, error) {
	panic("not written")
}

// Build queues a build of the endpoint's source as it is now.
func (c *Control) Build(ctx context.Context, endpoint string, r model.BuildRequest) (model.Build, error) {
	panic("not written")
}

// Builds lists builds, the newest first.
func (c *Control) Builds(ctx context.Context, f model.BuildFilter, p model.Page) (model.List[model.Build], error) {
	panic("not written")
}
func (c *Control) FindBuild(ctx context.Context, id string) (model.Build, error) {
	panic("not written")
}
func (c *Control) CancelBuild(ctx context.Context, id string) (model.Build, error) {
	panic("not written")
}

// BuildLog reads what the compiler printed. With follow it goes on until the
// build has ended or ctx does.
func (c *Control) BuildLog(ctx context.Context, id string, follow bool) (io.ReadCloser, error) {
	panic("not written")
}

// Services lists services by name.
func (c *Control) Services(ctx context.Context, f model.ServiceFilter, p model.Page) (model.List[model.Service], error) {
	panic("not written")
}
func (c *Control) Service(ctx context.Context, name string) (model.Service, error) {
	panic("not written")
}
func (c *Control) CreateService(ctx context.Context, spec model.ServiceSpec) (model.Service, error) {
	panic("not written")
}
func (c *Control) UpdateService(ctx context.Context, name string, revision int64, spec model.ServiceSpec) (model.Service, error) {
	panic("not written")
}
func (c *Control) DeleteService(ctx context.Context, name string, revision int64) error {
	panic("not written")
}

// ActivateService lets a service run, or ends it.
func (c *Control) ActivateService(ctx context.Context, name string, active bool, revision int64) (model.Service, error) {
	panic("not written")
}
func (c *Control) TestService(ctx context.Context, name string) (model.ServiceTest, error) {
	panic("not written")
}

// Domains lists the domains of all endpoints.
func (c *Control) Domains(ctx context.Context) ([]model.Domain, error) { panic("not written") }

// ApplyBundle makes endpoints and services what a zip or tar says, all of them
// or none. With plan it only tells what would change.
func (c *Control) ApplyBundle(ctx context.Context, archive io.Reader, plan bool) (model.BundleResult, error) {
	panic("not written")
}

// ImportOpenAPI makes endpoints with handler stubs from an OpenAPI document.
func (c *Control) ImportOpenAPI(ctx context.Context, r model.ImportRequest) (model.ImportResult, error) {
	panic("not written")
}

func (c *Control) Keys(ctx context.Context, p model.Page) (model.List[model.Key], error) {
	panic("not written")
}
func (c *Control) CreateKey(ctx context.Context, spec model.KeySpec) (model.NewKey, error) {
	panic("not written")
}
func (c *Control) DeleteKey(ctx context.Context, name string) error { panic("not written") }

// Authenticate finds whose token it is, in constant time, and notes its use.
func (c *Control) Authenticate(ctx context.Context, token string) (model.Actor, error) {
	panic("not written")
}

// Audit lists the audit, the newest entry first; Note adds to it what never
// reached a method of Control, such as a request that was denied.
func (c *Control) Audit(ctx context.Context, f model.AuditFilter, p model.Page) (model.List[model.AuditEntry], error) {
	panic("not written")
}
func (c *Control) Note(ctx context.Context, e model.AuditEntry) { panic("not written") }

// Once runs do, unless the same actor has had it run under the same key within
// a day: then it gives the answer of that time. request tells apart what the
// key is used for; another one under the same key is an error.
func (c *Control) Once(ctx context.Context, key, request string, do func() (answer []byte, err error)) (answer []byte, err error) {
	panic("not written")
}

// Overview, Ready and Report tell what is going on. The counters of a report
// survive a worker's restart.
func (c *Control) Overview(ctx context.Context) (model.Overview, error) { panic("not written") }
func (c *Control) Ready(ctx context.Context) model.Readiness            { panic("not written") }
func (c *Control) Report() gateway.Report                               { panic("not written") }
