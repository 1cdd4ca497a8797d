package control

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/abi/inspect"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/artifact"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Versions lists the versions of an endpoint, the newest first.
func (c *Control) Versions(ctx context.Context, endpoint string, p model.Page) (list model.List[model.Version], err error) {
	e, ok := c.now.Load().endpoint(endpoint)
	if !ok {
		return list, model.Errorf(model.Missing, "there is no endpoint %q", endpoint)
	}
	if e.Origin == model.FromFile {
		return page.Cut(c.fileVersion(e), "versions", p, func(v model.Version) string { return v.Digest })
	}
	err = c.state.View(ctx, func(tx *state.Tx) error {
		list, err = tx.VersionPage(endpoint, p)
		return err
	})
	return list, err
}

// fileVersion is the one version of an endpoint of the file.
func (c *Control) fileVersion(e model.Endpoint) []model.Version {
	if e.Version == "" {
		return nil
	}
	v := model.Version{Endpoint: e.Name, Digest: e.Version, Origin: "file", Created: e.Created, By: "file", Current: true}
	if kept, err := c.artifacts.Library(e.Version); err == nil {
		v.Size = kept.Size
		if report, err := inspect.File(kept.Path); err == nil {
			v.Language = report.Language
		}
	}
	return []model.Version{v}
}

// version finds a version of an endpoint by its digest or the beginning of it.
func (c *Control) version(ctx context.Context, endpoint, digest string) (v model.Version, err error) {
	e, ok := c.now.Load().endpoint(endpoint)
	if !ok {
		return v, model.Errorf(model.Missing, "there is no endpoint %q", endpoint)
	}
	if e.Origin == model.FromFile {
		for _, v := range c.fileVersion(e) {
			if strings.HasPrefix(v.Digest, digest) {
				return v, nil
			}
		}
		return v, model.Errorf(model.Missing, "endpoint %q has no version %q", endpoint, digest)
	}
	err = c.state.View(ctx, func(tx *state.Tx) error {
		v, err = tx.Version(endpoint, digest)
		return err
	})
	return v, err
}

// Upload makes a version of a prebuilt library. digest, in hex, is checked
// unless it is empty. The same bytes twice are one version.
func (c *Control) Upload(ctx context.Context, endpoint string, library io.Reader, digest string) (v model.Version, err error) {
	d := c.deed(ctx, "version.upload", "endpoint/"+endpoint)
	defer d.ended(&err)
	if _, err := c.now.Load().own(endpoint); err != nil {
		return v, err
	}
	kept, err := c.artifacts.PutLibrary(library, c.opts.MaxLibrary)
	if err != nil {
		return v, err
	}
	if digest != "" && !strings.EqualFold(digest, kept.Digest) {
		return v, model.Errorf(model.Invalid, "the library does not have the digest that was given: it is %s", kept.Digest).At("sha256")
	}
	v, err = inspected(endpoint, kept)
	if err != nil {
		return v, err
	}
	v.Origin, v.By = "upload", model.ActorOf(ctx).Name
	d.tell("version %s", short(v.Digest))
	return c.addVersion(ctx, d, v)
}

// addVersion writes a version down; of one that is there, the first record
// stays.
func (c *Control) addVersion(ctx context.Context, d *deed, v model.Version) (model.Version, error) {
	err := c.change(ctx, d, func(e *edit) error {
		if _, err := e.own(v.Endpoint); err != nil {
			return err
		}
		e.write(func(tx *state.Tx) error { return tx.PutVersion(v) })
		return nil
	})
	if err != nil {
		return v, err
	}
	return c.version(ctx, v.Endpoint, v.Digest)
}

// inspected is a library as a version, if it would load here.
func inspected(endpoint string, kept artifact.Artifact) (model.Version, error) {
	report, err := inspect.File(kept.Path)
	if err == nil {
		err = report.Check(inspect.Host())
	}
	if err != nil {
		return model.Version{}, model.Errorf(model.Refused, "the library cannot be loaded here: %w", err)
	}
	return model.Version{
		Endpoint: endpoint, Digest: kept.Digest, Language: report.Language, Size: kept.Size, Created: time.Now().UTC(),
	}, nil
}

// Library opens the library of a version, to be downloaded.
func (c *Control) Library(ctx context.Context, endpoint, digest string) (io.ReadCloser, model.Version, error) {
	v, err := c.version(ctx, endpoint, digest)
	if err != nil {
		return nil, v, err
	}
	kept, err := c.artifacts.Library(v.Digest)
	if err != nil {
		return nil, v, err
	}
	file, err := os.Open(kept.Path)
	if err != nil {
		return nil, v, fmt.Errorf("open library: %w", err)
	}
	return file, v, nil
}

// DeleteVersion forgets a version that is neither deployed nor a canary.
func (c *Control) DeleteVersion(ctx context.Context, endpoint, digest string) (err error) {
	d := c.deed(ctx, "version.delete", "endpoint/"+endpoint)
	defer d.ended(&err)
	release, err := c.endpoints.take(ctx, endpoint)
	if err != nil {
		return err
	}
	defer release()
	if _, err := c.now.Load().own(endpoint); err != nil {
		return err
	}
	v, err := c.version(ctx, endpoint, digest)
	if err != nil {
		return err
	}
	d.tell("version %s", short(v.Digest))
	err = c.change(ctx, d, func(e *edit) error {
		is, err := e.own(endpoint)
		if err != nil {
			return err
		}
		if is.Version == v.Digest {
			return model.Errorf(model.Conflict, "version %s is deployed: deploy another one first, or undeploy", short(v.Digest))
		}
		if is.Canary != nil && is.Canary.Version == v.Digest {
			return model.Errorf(model.Conflict, "version %s is a canary: promote or abort it first", short(v.Digest))
		}
		e.write(func(tx *state.Tx) error { return tx.DeleteVersion(endpoint, v.Digest) })
		return nil
	})
	if err == nil {
		c.collectSoon()
	}
	return err
}

// short is how people call a version.
func short(digest string) string { return digest[:min(12, len(digest))] }
