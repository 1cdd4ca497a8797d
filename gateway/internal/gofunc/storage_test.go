package gofunc_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/directory"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestAStorageInTheProgram(t *testing.T) {
	h := &host{}
	h.lend(t, "files", "storage", directory.Open, config.Options{"sign_url": "https://example.com"})
	h.run(t, func(r *edge.Request) error {
		s, err := r.Storage("files")
		if err != nil {
			return err
		}
		body := []byte("0123456789")
		stored, err := s.Put("a/b", body, edge.PutOptions{ContentType: "text/css", Metadata: edge.Fields{{Name: "Owner", Value: "me"}}, Create: true})
		if err != nil {
			return err
		}
		body[0] = 'X'
		if _, err := s.Put("a/b", nil, edge.PutOptions{Create: true}); !errors.Is(err, edge.ErrConflict) {
			t.Errorf("create what is there: %v", err)
		}
		object, err := s.Get("a/b")
		if err != nil || string(object.Body) != "0123456789" || object.ContentType != "text/css" || object.ETag != stored.ETag ||
			object.Size != 10 || object.Modified.IsZero() || object.Metadata.Get("owner") != "me" {
			t.Errorf("got %+v, %v", object, err)
		}
		part, err := s.GetRange("a/b", edge.Range{Offset: 3, Length: 4, ETag: stored.ETag})
		if err != nil || string(part.Body) != "3456" || part.Offset != 3 || part.Size != 10 {
			t.Errorf("a part: %+v, %v", part, err)
		}
		var failure *edge.ServiceError
		if _, err := s.GetRange("a/b", edge.Range{Offset: 11}); !errors.As(err, &failure) || failure.Code != "range" {
			t.Errorf("behind its end: %v", err)
		}
		if _, err := s.GetRange("a/b", edge.Range{ETag: "other"}); !errors.Is(err, edge.ErrConflict) {
			t.Errorf("with another etag: %v", err)
		}
		if _, err := s.Copy("a/b", "a/c"); err != nil {
			t.Errorf("copy: %v", err)
		}
		if head, err := s.Head("a/c"); err != nil || head.Body != nil || head.ContentType != "text/css" {
			t.Errorf("head: %+v, %v", head, err)
		}
		if url, err := s.PresignedURL(edge.ReadURL, "a/b", time.Minute); err != nil || url == "" {
			t.Errorf("presigned: %q, %v", url, err)
		}
		for range 2 {
			if err := s.Delete("a/c"); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
		if _, err := s.Get("a/c"); !errors.Is(err, edge.ErrNotFound) {
			t.Errorf("what was deleted: %v", err)
		}
		_, err = s.Head("")
		if !errors.Is(err, edge.ErrInvalid) {
			t.Errorf("an empty key: %v", err)
		}
		return nil
	})
}

func TestAnUploadOfTheProgram(t *testing.T) {
	h := &host{}
	h.lend(t, "files", "storage", directory.Open, nil)
	h.run(t, func(r *edge.Request) error {
		s, err := r.Storage("files")
		if err != nil {
			return err
		}
		up, err := s.Upload("big", edge.PutOptions{})
		if err != nil {
			return err
		}
		var want []byte
		for n := range 100 {
			part := bytes.Repeat([]byte{byte(n)}, n*1000)
			want = append(want, part...)
			if _, err := up.Write(part); err != nil {
				return err
			}
		}
		if _, err := s.Head("big"); !errors.Is(err, edge.ErrNotFound) {
			t.Errorf("half of it is seen: %v", err)
		}
		if _, err := up.Finish(); err != nil {
			return err
		}
		object, err := s.Get("big")
		if err != nil || !bytes.Equal(object.Body, want) {
			t.Errorf("another body came back (%v)", err)
		}
		if up, err = s.Upload("given up", edge.PutOptions{}); err != nil {
			return err
		}
		if err := up.Abort(); err != nil {
			t.Errorf("abort: %v", err)
		}
		if up, err = s.Upload("left open", edge.PutOptions{}); err != nil {
			return err
		}
		_, err = up.Write([]byte("x"))
		return err // and the answer gives it up
	})
}

func TestAListOfTheProgram(t *testing.T) {
	h := &host{}
	h.lend(t, "files", "storage", directory.Open, nil)
	h.run(t, func(r *edge.Request) error {
		s, err := r.Storage("files")
		if err != nil {
			return err
		}
		for n := range 7 {
			if _, err := s.Put(fmt.Sprintf("p/%d/x", n), nil, edge.PutOptions{}); err != nil {
				return err
			}
		}
		var keys []string
		for e, err := range s.List(edge.ListOptions{Prefix: "p/", Delimiter: "/", Limit: 3}) {
			if err != nil {
				return err
			}
			if !e.IsPrefix() {
				t.Errorf("%q is no prefix", e.Key)
			}
			keys = append(keys, e.Key)
		}
		if want := []string{"p/0/", "p/1/", "p/2/", "p/3/", "p/4/", "p/5/", "p/6/"}; !slices.Equal(keys, want) {
			t.Errorf("got %q", keys)
		}
		page, err := s.ListPage(edge.ListOptions{After: "p/4/x", Limit: 1})
		if err != nil || len(page.Entries) != 1 || page.Entries[0].Key != "p/5/x" || page.Entries[0].IsPrefix() || page.Next == "" {
			t.Errorf("got %+v, %v", page, err)
		}
		return nil
	})
}
