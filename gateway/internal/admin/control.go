package admin

import (
	"context"
	"io"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Control is what the API is over. A [*control.Control] is one, and tells what
// each method does.
type Control interface {
	endpoints
	versions
	builds
	services
	bundles
	keys
	overview
}

type endpoints interface {
	Endpoints(context.Context, model.EndpointFilter, model.Page) (model.List[model.Endpoint], error)
	Endpoint(ctx context.Context, name string) (model.Endpoint, error)
	CreateEndpoint(context.Context, model.EndpointSpec) (model.Endpoint, error)
	UpdateEndpoint(ctx context.Context, name string, revision int64, spec model.EndpointSpec) (model.Endpoint, error)
	DeleteEndpoint(ctx context.Context, name string, revision int64) error
	Release(ctx context.Context, endpoint string) (model.Endpoint, error)
	EnableEndpoint(ctx context.Context, name string, enabled bool, revision int64) (model.Endpoint, error)
	Domains(context.Context) ([]model.Domain, error)
}

type versions interface {
	Versions(ctx context.Context, endpoint string, p model.Page) (model.List[model.Version], error)
	Upload(ctx context.Context, endpoint string, library io.Reader, digest string) (model.Version, error)
	Library(ctx context.Context, endpoint, digest string) (io.ReadCloser, model.Version, error)
	DeleteVersion(ctx context.Context, endpoint, digest string) error
	Deploy(ctx context.Context, endpoint string, r model.DeployRequest) (model.DeployResult, error)
	Undeploy(ctx context.Context, endpoint string) (model.DeployResult, error)
	Rollback(ctx context.Context, endpoint string) (model.DeployResult, error)
	Promote(ctx context.Context, endpoint string) (model.DeployResult, error)
	Abort(ctx context.Context, endpoint string) (model.DeployResult, error)
	Deploys(ctx context.Context, endpoint string, p model.Page) (model.List[model.Deploy], error)
}

type builds interface {
	PutSource(ctx context.Context, endpoint string, source io.Reader, filename string) (model.Source, error)
	Source(ctx context.Context, endpoint string) (io.ReadCloser, model.Source, error)
	Build(ctx context.Context, endpoint string, r model.BuildRequest) (model.Build, error)
	Builds(context.Context, model.BuildFilter, model.Page) (model.List[model.Build], error)
	FindBuild(ctx context.Context, id string) (model.Build, error)
	CancelBuild(ctx context.Context, id string) (model.Build, error)
	BuildLog(ctx context.Context, id string, follow bool) (io.ReadCloser, error)
}

type services interface {
	Services(context.Context, model.ServiceFilter, model.Page) (model.List[model.Service], error)
	Service(ctx context.Context, name string) (model.Service, error)
	CreateService(context.Context, model.ServiceSpec) (model.Service, error)
	UpdateService(ctx context.Context, name string, revision int64, spec model.ServiceSpec) (model.Service, error)
	DeleteService(ctx context.Context, name string, revision int64) error
	ActivateService(ctx context.Context, name string, active bool, revision int64) (model.Service, error)
	TestService(ctx context.Context, name string) (model.ServiceTest, error)
}

type bundles interface {
	ApplyBundle(ctx context.Context, archive io.Reader, plan bool) (model.BundleResult, error)
	ImportOpenAPI(context.Context, model.ImportRequest) (model.ImportResult, error)
}

type keys interface {
	Keys(context.Context, model.Page) (model.List[model.Key], error)
	CreateKey(context.Context, model.KeySpec) (model.NewKey, error)
	DeleteKey(ctx context.Context, name string) error
	Authenticate(ctx context.Context, token string) (model.Actor, error)
	Audit(context.Context, model.AuditFilter, model.Page) (model.List[model.AuditEntry], error)
	Note(context.Context, model.AuditEntry)
	Once(ctx context.Context, key, request string, do func(context.Context) ([]byte, error)) ([]byte, error)
}

type overview interface {
	Overview(context.Context) (model.Overview, error)
	Ready(context.Context) model.Readiness
	Report() gateway.Report
	Recycle(context.Context) (model.Recycled, error)
	Upgrade(context.Context, model.UpgradeRequest) (model.Upgrade, error)
	LastUpgrade() model.Upgrade
	Crashes(ctx context.Context, endpoints []string, p model.Page) (model.List[model.Crash], error)
	CrashCounts() map[string]uint64
	Quarantined() map[string][]model.Quarantine
}
