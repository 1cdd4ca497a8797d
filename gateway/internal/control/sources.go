package control

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// PutSource replaces the source tree of an endpoint. It is a tar, gzipped or
// not, or, if filename is not empty, one file of that name. It is kept in a form
// in which equal trees are equal; nothing that serves is touched.
func (c *Control) PutSource(ctx context.Context, endpoint string, source io.Reader, filename string) (put model.Source, err error) {
	d := c.deed(ctx, "source.put", "endpoint/"+endpoint)
	defer d.ended(&err)
	if _, err := c.now.Load().own(endpoint); err != nil {
		return put, err
	}
	dir, remove, err := c.scratch("source-")
	if err != nil {
		return put, err
	}
	defer remove()
	limits := archive.Limits{Total: c.opts.MaxSource}
	if filename != "" {
		_, err = archive.UnpackFile(source, dir, filename, limits)
	} else {
		_, err = archive.Unpack(source, dir, limits)
	}
	if err == nil {
		put, err = c.keepSource(ctx, dir)
	}
	if err != nil {
		return put, err
	}
	d.tell("source %s, %d files", short(put.Digest), put.Files)
	err = c.change(ctx, d, func(e *edit) error {
		if _, err := e.own(endpoint); err != nil {
			return err
		}
		e.write(func(tx *state.Tx) error { return tx.PutSource(endpoint, put) })
		return nil
	})
	return put, err
}

// keepSource keeps what is source in a folder.
func (c *Control) keepSource(ctx context.Context, dir string) (model.Source, error) {
	from, to := io.Pipe()
	packed := make(chan archive.Summary, 1)
	go func() { // ends when the pipe does
		sum, err := archive.Pack(to, dir)
		packed <- sum
		_ = to.CloseWithError(err)
	}()
	// A tar is larger than its files; those were bounded before.
	kept, err := c.artifacts.PutSource(from, 2*c.opts.MaxSource+(32<<20))
	_ = from.CloseWithError(err)
	sum := <-packed
	if err != nil {
		return model.Source{}, err
	}
	language, _ := toolchain.Detect(dir) // not clear: a build says so
	return model.Source{
		Digest: kept.Digest, Language: string(language), Files: sum.Files, Size: sum.Size,
		Updated: time.Now().UTC(), By: model.ActorOf(ctx).Name,
	}, nil
}

// Source opens the source tree as a tar.
func (c *Control) Source(ctx context.Context, endpoint string) (tree io.ReadCloser, s model.Source, err error) {
	if _, ok := c.now.Load().endpoint(endpoint); !ok {
		return nil, s, model.Errorf(model.Missing, "there is no endpoint %q", endpoint)
	}
	if s, err = c.sourceOf(ctx, endpoint); err != nil {
		return nil, s, err
	}
	kept, err := c.artifacts.Source(s.Digest)
	if err != nil {
		return nil, s, err
	}
	file, err := os.Open(kept.Path)
	if err != nil {
		return nil, s, fmt.Errorf("open source tree: %w", err)
	}
	return file, s, nil
}

func (c *Control) sourceOf(ctx context.Context, endpoint string) (s model.Source, err error) {
	err = c.state.View(ctx, func(tx *state.Tx) error {
		s, err = tx.Source(endpoint)
		return err
	})
	return s, err
}

// unpackSource puts a source tree into a folder that is not there yet.
func (c *Control) unpackSource(digest, dir string) error {
	kept, err := c.artifacts.Source(digest)
	if err != nil {
		return err
	}
	file, err := os.Open(kept.Path)
	if err != nil {
		return fmt.Errorf("unpack source: %w", err)
	}
	defer file.Close()
	_, err = archive.Unpack(file, dir, archive.Limits{Total: c.opts.MaxSource})
	return err
}

// scratchDir is a folder in the data directory for what is at work.
const scratchDir = "scratch"

// scratch makes an empty folder that goes away with remove, or at the next
// start.
func (c *Control) scratch(prefix string) (dir string, remove func(), err error) {
	root := filepath.Join(c.opts.Dir, scratchDir)
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	dir, err = os.MkdirTemp(root, prefix)
	if err != nil {
		return "", nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}
