package directory

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// Open makes the service. The folder is made and opened by the first operation.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	path := spec.Options.Text("path")
	if path == "" {
		path = filepath.Join(env.Dir, "store")
	}
	most := spec.Options.Int("max_object")
	if most <= 0 {
		return nil, fmt.Errorf("max_object is %d", most)
	}
	b := &backend{path: path, log: env.Log.With("service", spec.Name)}
	if base := spec.Options.Text("sign_url"); base != "" {
		s, err := newSigner(base, spec.Options.Text("sign_path"), spec.Name, env.Dir)
		if err != nil {
			return nil, err
		}
		b.signer = s
	}
	s := storage.New(spec, env, b, storage.Limits{Object: most})
	if b.signer != nil {
		s.Serve(b.signer.route(), (&endpoint{service: s, signer: b.signer}).answer)
	}
	return s, nil
}

// Open implements actor.Backend.
func (b *backend) Open(context.Context) (storage.Conn, error) {
	s, err := b.acquire()
	if err != nil {
		return nil, unopened(err)
	}
	return conn{s, b}, nil
}

// Close implements actor.Backend.
func (b *backend) Close(c storage.Conn) { b.release(c.(conn).store) }

// Probe implements storage.Backend: it writes a file, durably, and removes it.
func (b *backend) Probe(ctx context.Context) error {
	s, err := b.acquire()
	if err != nil {
		return unopened(err)
	}
	defer b.release(s)
	w, err := s.create()
	if err != nil {
		return s.failedToWrite(err)
	}
	defer w.discard()
	if err := w.write(ctx, []byte("probe")); err != nil {
		return s.failedToWrite(err)
	}
	if err := w.file.Sync(); err != nil {
		return s.failedToWrite(err)
	}
	return nil
}

// conn is the store as a worker holds it.
type conn struct {
	store   *store
	backend *backend
}
