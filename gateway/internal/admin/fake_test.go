package admin

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// fake is a control plane that does what a test says, such as to fail or to
// take long: the real one cannot be made to.
type fake struct {
	Control // the rest panics

	mu        sync.Mutex
	endpoints map[string]model.Endpoint
	notes     []model.AuditEntry
	actors    map[string]model.Actor // by token
	answers   map[string]answer
	created   int
	by        string // who created the last one

	fail     error         // of Endpoint
	panics   any           // of Endpoint
	log      io.ReadCloser // of every build
	expired  map[string]bool
	revoked  string                      // token; guarded by mu
	work     func(context.Context) error // of Deploy and Upload; may be nil
	reading  func()                      // told when an upload has begun; may be nil
	uploaded []byte
	library  func() io.Reader // of every version
	ready    model.Readiness
	crashes  []model.Crash
	asked    []string // which endpoints' crashes were asked for
}

type answer struct {
	request string
	body    []byte
}

func newFake() *fake {
	f := &fake{endpoints: map[string]model.Endpoint{}, answers: map[string]answer{}, actors: map[string]model.Actor{}}
	for _, scope := range []model.Scope{model.ScopeRead, model.ScopeDeploy, model.ScopeAdmin} {
		f.actors["t-"+string(scope)] = model.Actor{Name: "k-" + string(scope), Scope: scope}
	}
	f.actors["t-limited"] = model.Actor{Name: "k-limited", Scope: model.ScopeDeploy, Endpoints: []string{"orders"}}
	f.actors["t-other"] = model.Actor{Name: "k-other", Scope: model.ScopeDeploy, Endpoints: []string{"other"}}
	return f
}

func (f *fake) Authenticate(_ context.Context, token string) (model.Actor, error) {
	f.mu.Lock()
	revoked := token == f.revoked
	f.mu.Unlock()
	if a, ok := f.actors[token]; ok && !revoked {
		return a, nil
	}
	if f.expired[token] {
		return model.Actor{}, model.Errorf(model.Unauthorized, "the key has expired")
	}
	return model.Actor{}, model.Errorf(model.Unauthorized, "the token is not known")
}

func (f *fake) Crashes(_ context.Context, endpoints []string, _ model.Page) (model.List[model.Crash], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = endpoints
	return model.List[model.Crash]{Items: slices.Clone(f.crashes)}, nil
}

func (f *fake) CrashCounts() map[string]uint64 { return map[string]uint64{"orders": 2} }

func (f *fake) Quarantined() map[string][]model.Quarantine {
	return map[string][]model.Quarantine{"orders": {{Version: "abc"}}}
}

func (f *fake) Note(_ context.Context, e model.AuditEntry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes = append(f.notes, e)
}

func (f *fake) Once(ctx context.Context, key, request string, do func(context.Context) ([]byte, error)) ([]byte, error) {
	if a, ok := f.answers[key]; ok {
		if a.request != request {
			return nil, model.Errorf(model.Conflict, "the key was used for another request")
		}
		return a.body, nil
	}
	body, err := do(ctx)
	if err == nil {
		f.answers[key] = answer{request, body}
	}
	return body, err
}

func (f *fake) Endpoints(_ context.Context, filter model.EndpointFilter, p model.Page) (model.List[model.Endpoint], error) {
	if p.After == "bad" {
		return model.List[model.Endpoint]{}, model.Errorf(model.Invalid, "after is none that was given out").At("after")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var l model.List[model.Endpoint]
	start, _ := strconv.Atoi(p.After)
	for i := start; i < 5; i++ {
		name := "e" + strconv.Itoa(i)
		if filter.Names != nil {
			name = filter.Names[0]
		}
		if len(l.Items) == p.Limit {
			l.Next = strconv.Itoa(i)
			break
		}
		l.Items = append(l.Items, model.Endpoint{EndpointSpec: model.EndpointSpec{Name: name, Path: "/"}, Origin: model.FromAPI})
	}
	return l, nil
}

func (f *fake) Endpoint(_ context.Context, name string) (model.Endpoint, error) {
	if f.panics != nil {
		panic(f.panics)
	}
	if f.fail != nil {
		return model.Endpoint{}, f.fail
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.endpoints[name]
	if !ok {
		return e, model.Errorf(model.Missing, "there is no endpoint %q", name)
	}
	return e, nil
}

func (f *fake) CreateEndpoint(ctx context.Context, spec model.EndpointSpec) (model.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.by = model.ActorOf(ctx).Name
	if _, ok := f.endpoints[spec.Name]; ok {
		err := model.Errorf(model.Conflict, "there is an endpoint %q already", spec.Name).At("name")
		err.Other = "endpoint/" + spec.Name
		return model.Endpoint{}, err
	}
	f.created++
	e := model.Endpoint{EndpointSpec: spec, Origin: model.FromAPI, Revision: 1, Created: time.Unix(1, 0).UTC(), Updated: time.Unix(1, 0).UTC()}
	f.endpoints[spec.Name] = e
	return e, nil
}

func (f *fake) UpdateEndpoint(_ context.Context, name string, revision int64, spec model.EndpointSpec) (model.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.endpoints[name]
	if revision != 0 && revision != e.Revision {
		return e, model.Errorf(model.Stale, "endpoint %q is at revision %d by now", name, e.Revision)
	}
	e.EndpointSpec = spec
	e.Revision++
	f.endpoints[name] = e
	return e, nil
}

func (f *fake) works(ctx context.Context) error {
	if f.work == nil {
		return nil
	}
	return f.work(ctx)
}

func (f *fake) Deploy(ctx context.Context, _ string, _ model.DeployRequest) (model.DeployResult, error) {
	if err := f.works(ctx); err != nil {
		return model.DeployResult{}, err
	}
	return model.DeployResult{Endpoint: "orders", Action: "deploy"}, nil
}

func (f *fake) Upload(ctx context.Context, endpoint string, library io.Reader, _ string) (model.Version, error) {
	first := make([]byte, 5)
	n, err := io.ReadFull(library, first)
	if f.reading != nil {
		f.reading()
	}
	if err == nil {
		var rest []byte
		rest, err = io.ReadAll(library)
		f.uploaded = append(first[:n], rest...)
	}
	if err == nil {
		err = f.works(ctx)
	}
	if err != nil {
		return model.Version{}, errors.Join(errors.New("keep the library"), err)
	}
	return model.Version{Endpoint: endpoint, Digest: strings.Repeat("a", 64)}, nil
}

func (f *fake) Library(context.Context, string, string) (io.ReadCloser, model.Version, error) {
	if f.library != nil {
		return io.NopCloser(f.library()), model.Version{Digest: "d", Size: 7}, nil
	}
	return io.NopCloser(strings.NewReader("library")), model.Version{Digest: "d", Size: 7}, nil
}

func (f *fake) FindBuild(_ context.Context, id string) (model.Build, error) {
	if id != "b1" {
		return model.Build{}, model.Errorf(model.Missing, "there is no build")
	}
	return model.Build{ID: id, Endpoint: "orders", State: model.BuildSucceeded}, nil
}

func (f *fake) BuildLog(ctx context.Context, _ string, _ bool) (io.ReadCloser, error) {
	log := f.log
	context.AfterFunc(ctx, func() { log.Close() }) // ends what is read
	return log, nil
}

func (f *fake) CreateKey(_ context.Context, spec model.KeySpec) (model.NewKey, error) {
	return model.NewKey{Key: model.Key{KeySpec: spec}, Token: "secret"}, nil
}

func (f *fake) Ready(context.Context) model.Readiness { return f.ready }
func (f *fake) Report() gateway.Report                { return gateway.Report{} }
func (f *fake) Overview(context.Context) (model.Overview, error) {
	return model.Overview{
		Endpoints: []model.EndpointOverview{{Name: "orders"}, {Name: "secret"}},
		Services:  []model.Service{{ServiceSpec: model.ServiceSpec{Name: "db"}}},
	}, nil
}

// logLines is a log of a few lines, and of what a test sends.
type logLines struct {
	lines  []model.LogLine
	more   chan model.LogLine
	closed chan struct{} // ends every Tail
	filter model.LogFilter
}

func (l *logLines) LeftOut() uint64 { return 7 }

func (l *logLines) Last(_ context.Context, f model.LogFilter, n int) ([]model.LogLine, error) {
	l.filter = f
	return l.lines[:min(n, len(l.lines))], nil
}

func (l *logLines) Tail(ctx context.Context, f model.LogFilter, _ int) (<-chan model.LogLine, error) {
	l.filter = f
	out := make(chan model.LogLine)
	go func() {
		defer close(out)
		for {
			select {
			case line := <-l.more:
				select {
				case out <- line:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			case <-l.closed:
				return
			}
		}
	}()
	return out, nil
}
