package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

var storageScenarios = map[string]func(*run) error{
	"storage-object": storageObject, "storage-range": storageRange, "storage-list": storageList, "storage-copy": storageCopy,
	"storage-upload": storageUpload, "storage-left": storageLeft, "storage-after": storageAfter, "storage-presign": storagePresign, "storage-refused": storageRefused,
}

// object says all about an object but what differs from one to the next.
func (r *run) object(label string, o *edge.Object, err error) error {
	if errors.Is(err, edge.ErrNotFound) {
		r.say("%s: none", label)
		return nil
	}
	if err != nil {
		return err
	}
	facts := fmt.Sprintf("%d bytes", o.Size)
	if o.Body != nil {
		facts += fmt.Sprintf(", '%s' at %d", o.Body, o.Offset)
	}
	facts += ", " + o.ContentType
	for _, f := range o.Metadata {
		facts += ", " + f.Name + "=" + f.Value
	}
	r.say("%s: %s", label, facts)
	return nil
}

func storageObject(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	key := r.key("object")
	options := edge.PutOptions{ContentType: "text/plain", Metadata: edge.Fields{{Name: "Owner", Value: "me"}, {Name: "colour", Value: "grün"}}, Create: true}
	got, e1 := files.Get(key)
	e1 = r.object("nothing", got, e1)
	head, e2 := files.Head(key)
	e2 = r.object("no head", head, e2)
	put, err := files.Put(key, []byte("content"), options)
	if err != nil {
		return err
	}
	r.say("put: %d bytes", put.Size)
	_, err = files.Put(key, []byte("other"), options)
	r.outcome("put again", err)
	got, e3 := files.Get(key)
	e3 = r.object("get", got, e3)
	head, e4 := files.Head(key)
	e4 = r.object("head", head, e4)
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return err
	}
	r.say("one etag: %t", put.ETag != "" && put.ETag == got.ETag && put.ETag == head.ETag)
	if _, err := files.Put(key, nil, edge.PutOptions{}); err != nil {
		return err
	}
	got, err = files.Get(key)
	err = r.object("empty", got, err)
	r.outcome("delete", files.Delete(key))
	r.outcome("delete again", files.Delete(key))
	got, e5 := files.Get(key)
	return errors.Join(err, r.object("gone", got, e5))
}

func storageRange(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	key := r.key("range")
	if _, err := files.Put(key, []byte("0123456789"), edge.PutOptions{}); err != nil {
		return err
	}
	for _, part := range []struct {
		label string
		edge.Range
	}{{"middle", edge.Range{Offset: 3, Length: 4}}, {"rest", edge.Range{Offset: 8}}, {"more than there is", edge.Range{Offset: 8, Length: 10}}, {"end", edge.Range{Offset: 10}}} {
		o, err := files.GetRange(key, part.Range)
		if err := r.object(part.label, o, err); err != nil {
			return err
		}
	}
	_, err = files.GetRange(key, edge.Range{Offset: 11})
	r.outcome("behind", err)
	chunks, offset, etag := "", int64(0), ""
	for offset < 10 {
		o, err := files.GetRange(key, edge.Range{Offset: offset, Length: 4, ETag: etag})
		if err != nil {
			return err
		}
		chunks += " " + string(o.Body)
		offset, etag = offset+int64(len(o.Body)), o.ETag
	}
	r.say("chunks:%s", chunks)
	return nil
}

func storageList(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	prefix := r.key("list/")
	for _, name := range []string{"a/1", "a/2", "a/b/3", "b", "c/4"} {
		if _, err := files.Put(prefix+name, []byte(name), edge.PutOptions{}); err != nil {
			return err
		}
	}
	for _, l := range []struct {
		label string
		edge.ListOptions
	}{
		{"all", edge.ListOptions{Prefix: prefix}},
		{"top", edge.ListOptions{Prefix: prefix, Delimiter: "/"}},
		{"in pages", edge.ListOptions{Prefix: prefix + "a/", Delimiter: "/", Limit: 2}},
		{"none", edge.ListOptions{Prefix: prefix + "x"}},
	} {
		var entries strings.Builder
		for {
			page, err := files.ListPage(l.ListOptions)
			if err != nil {
				return err
			}
			for _, e := range page.Entries {
				fmt.Fprintf(&entries, " %s", strings.TrimPrefix(e.Key, prefix))
				if !e.IsPrefix() {
					fmt.Fprintf(&entries, "(%d)", e.Size)
				}
			}
			if l.After = page.Next; l.After == "" {
				break
			}
			entries.WriteString(" |")
		}
		r.say("%s:%s", l.label, entries.String())
	}
	return nil
}

func storageCopy(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	from, to := r.key("from"), r.key("to")
	if _, err := files.Put(from, []byte("content"), edge.PutOptions{ContentType: "text/css", Metadata: edge.Fields{{Name: "owner", Value: "me"}}}); err != nil {
		return err
	}
	if _, err := files.Copy(from, to); err != nil {
		return err
	}
	o, err := files.Get(to)
	if err := r.object("copy", o, err); err != nil {
		return err
	}
	_, err = files.Copy(r.key("nothing"), to)
	r.outcome("of nothing", err)
	return nil
}

func storageUpload(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	key := r.key("upload")
	if err := files.Delete(key); err != nil {
		return err
	}
	up, err := files.Upload(key, edge.PutOptions{ContentType: "text/plain"})
	if err != nil {
		return err
	}
	for _, part := range []string{"one ", "two "} {
		if _, err := up.Write([]byte(part)); err != nil {
			return err
		}
	}
	head, err := files.Head(key)
	if err := r.object("before", head, err); err != nil {
		return err
	}
	if _, err := up.Finish(); err != nil {
		return err
	}
	o, err := files.Get(key)
	if err := r.object("after", o, err); err != nil {
		return err
	}
	up, err = files.Upload(r.key("aborted"), edge.PutOptions{})
	if err != nil {
		return err
	}
	r.outcome("abort", up.Abort())
	head, err = files.Head(r.key("aborted"))
	return r.object("aborted", head, err)
}

// storageLeft leaves an upload open.
func storageLeft(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	up, err := files.Upload(r.key("left"), edge.PutOptions{})
	if err != nil {
		return err
	}
	_, err = up.Write([]byte("part"))
	r.outcome("write", err)
	return nil
}

func storageAfter(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	head, err := files.Head(r.key("left"))
	return r.object("left", head, err)
}

// storagePresign gives a URL to write and one to read.
func storagePresign(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	for _, use := range []edge.URLUse{edge.WriteURL, edge.ReadURL} {
		url, err := files.PresignedURL(use, r.key("signed"), time.Minute)
		if err != nil {
			return err
		}
		r.say("%s", url)
	}
	return nil
}

func storageRefused(r *run) error {
	files, err := r.Storage("files")
	if err != nil {
		return err
	}
	_, err = files.Get("")
	r.outcome("no key", err)
	_, err = files.Head("a\x00b")
	r.outcome("NUL", err)
	_, err = files.Put(strings.Repeat("k", 1025), nil, edge.PutOptions{})
	r.outcome("long key", err)
	_, err = files.Put(r.key("x"), nil, edge.PutOptions{ContentType: "a\nb"})
	r.outcome("content type", err)
	_, err = files.Put(r.key("x"), nil, edge.PutOptions{Metadata: edge.Fields{{Name: "a b", Value: "c"}}})
	r.outcome("metadata", err)
	_, err = files.PresignedURL(edge.ReadURL, r.key("x"), 8*24*time.Hour)
	r.outcome("lifetime", err)
	return nil
}
