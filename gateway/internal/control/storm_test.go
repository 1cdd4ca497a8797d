package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Everybody changes something at once, while artifacts are collected. What is
// refused is refused with a reason, one endpoint that nobody touches answers
// throughout, and in the end what is deployed is there and served.
func TestChangesOfAllKindsAtOnce(t *testing.T) {
	b := open(t, "")
	b.live("still", "/still", "marker-calm")
	b.stop()
	b = open(t, b.dir, func(o *Options) { o.canaryEvery, o.ArtifactBudget, o.versionGrace = 5*time.Millisecond, 1, 1 })
	for n := range 3 {
		b.create(fmt.Sprint("e", n), fmt.Sprint("/e", n))
	}
	_, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "cache", Kind: "cache"})
	must(t, err)
	ctx, cancel := context.WithTimeout(b.ctx, 3*time.Second)
	defer cancel()
	var all sync.WaitGroup
	var done atomic.Int64
	again := func(f func(n int) error) {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				err := f(n)
				var problem *model.Error
				if err != nil && ctx.Err() == nil && !errors.As(err, &problem) {
					t.Error(err)
				}
				if err == nil {
					done.Add(1)
				}
			}
		})
	}
	for n := range 3 {
		name := fmt.Sprint("e", n)
		again(func(n int) error {
			v, err := b.Upload(ctx, name, bytes.NewReader(version(t, fmt.Sprintf("marker-%04d", n%50))), "")
			if err == nil {
				_, err = b.Deploy(ctx, name, model.DeployRequest{Version: v.Digest})
			}
			if err == nil {
				if file, _, err := b.Library(ctx, name, v.Digest); err != nil {
					return fmt.Errorf("a version that is deployed cannot be read: %w", err)
				} else {
					file.Close()
				}
			}
			return err
		})
		again(func(int) error {
			list, err := b.Versions(ctx, name, model.Page{})
			for _, v := range list.Items {
				if !v.Current {
					_, err = b.Deploy(ctx, name, model.DeployRequest{Version: v.Digest, Canary: &model.CanaryRequest{Weight: 50}})
					break
				}
			}
			return err
		})
		again(func(n int) (err error) {
			switch n % 4 {
			case 0:
				_, err = b.Rollback(ctx, name)
			case 1:
				_, err = b.Promote(ctx, name)
			case 2:
				_, err = b.Abort(ctx, name)
			case 3:
				_, err = b.Undeploy(ctx, name)
			}
			return err
		})
		again(func(int) error {
			list, err := b.Versions(ctx, name, model.Page{})
			for _, v := range list.Items {
				err = b.DeleteVersion(ctx, name, v.Digest)
			}
			return err
		})
	}
	again(func(n int) error {
		name := fmt.Sprint("f", n%5)
		_, err := b.CreateEndpoint(ctx, model.EndpointSpec{Name: name, Path: "/" + name})
		return errors.Join(err, b.DeleteEndpoint(ctx, name, 0))
	})
	again(func(n int) error {
		_, err := b.ActivateService(ctx, "cache", n%2 == 0, 0)
		return err
	})
	again(func(n int) error {
		s := gateway.Snapshot{Services: []gateway.Service{{Name: fmt.Sprint("file", n%3), Kind: "cache", Driver: "memory"}}}
		return b.Declare(ctx, s)
	})
	again(func(int) error { return b.collect(ctx) })
	again(func(int) error {
		_, err := b.Overview(ctx)
		b.Ready(ctx)
		return err
	})
	again(func(int) error {
		answer, err := http.Get("http://" + b.address + "/still")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if answer.StatusCode != 200 || string(body) != "marker-calm" {
			return fmt.Errorf("the endpoint that nobody touches answers %d %q, %v", answer.StatusCode, body, err)
		}
		return err
	})
	all.Wait()
	t.Logf("%d changes", done.Load())

	b.stop()
	b = open(t, b.dir)
	list, err := b.Endpoints(b.ctx, model.EndpointFilter{}, model.Page{})
	must(t, err)
	for _, e := range list.Items {
		if e.Fault != "" {
			t.Errorf("endpoint %q: %s", e.Name, e.Fault)
		}
		if e.Version == "" {
			continue
		}
		file, _, err := b.Library(b.ctx, e.Name, e.Version)
		must(t, err)
		file.Close()
	}
	b.serves("/still", 200, "marker-calm")
}

func TestAVersionThatHasJustComeIsNotForgotten(t *testing.T) {
	b := open(t, "", func(o *Options) { o.ArtifactBudget = 1 })
	b.create("a", "/a")
	digest := b.upload("a", "marker-0001")
	must(t, b.collect(b.ctx))
	b.deploy("a", digest)
	b.serves("/a", 200, "marker-0001")
}
