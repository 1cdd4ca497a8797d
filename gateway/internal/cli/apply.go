package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type applyCommand struct {
	remote
	Bundle string `arg:"" type:"path" predictor:"file" help:"A zip or tar, or a folder, with edge-gateway.toml at its top."`
	Plan   bool   `help:"Show what would change, and change nothing."`
}

func (c applyCommand) Run(ctx context.Context) error {
	file, err := packed(c.Bundle)
	if err != nil {
		return err
	}
	defer file.Close()
	bundle := bufio.NewReader(file)
	query := url.Values{}
	if c.Plan {
		query.Set("plan", "true")
	}
	request := client.Request{Method: http.MethodPost, Path: "/bundles", Query: query, Body: bundle, ContentType: archiveType(bundle)}
	return call(ctx, c.remote, request, showBundle)
}

// packed opens an archive, or makes one of a folder.
func packed(path string) (io.ReadCloser, error) {
	info, err := stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return os.Open(path)
	}
	var b bytes.Buffer
	if _, err := archive.Pack(&b, path); err != nil {
		return nil, fmt.Errorf("pack %q: %w", path, err)
	}
	return io.NopCloser(&b), nil
}

// archiveType is the media type of an archive, by how it begins: whatever is
// neither a zip nor gzipped is a tar, or refused as none.
func archiveType(archive *bufio.Reader) string {
	start, _ := archive.Peek(2)
	switch string(start) {
	case "PK":
		return "application/zip"
	case "\x1f\x8b":
		return "application/gzip"
	}
	return "application/x-tar"
}

func showBundle(r model.BundleResult) {
	var t table
	for _, change := range r.Changes {
		if change.Action != "none" {
			t.add("  "+change.Action, change.Kind, change.Name, change.Detail)
		}
	}
	if len(t.rows) == 0 {
		fmt.Println("Everything is as the bundle says.")
		return
	}
	if r.Plan {
		fmt.Println("Would change:")
	} else {
		fmt.Println("Changed:")
	}
	t.write()
	for _, d := range r.Deploys {
		showDeploy(d)
	}
}
