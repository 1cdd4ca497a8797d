package main

import (
	"errors"
	"io"
	"strings"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func init() {
	steps["/cache"] = cache
	steps["/cache/fail"] = cacheFail
	steps["/storage"] = storage
	steps["/storage/list"] = list
	steps["/storage/upload"] = upload
	steps["/storage/fail"] = storageFail
	steps["/email"] = email
	steps["/email/tx"] = emailInTransaction
	steps["/http"] = client
}

func cache(r *edge.Request, o *out) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	entry, err := c.Get("k")
	o.say("%q %d %v %v", entry.Value, entry.Version, entry.Found(), err)
	entries, err := c.GetMany("a", "gone", "empty")
	for _, e := range entries {
		o.say("%q %d %v", e.Value, e.Version, e.Found())
	}
	if err != nil {
		return err
	}
	none, err := c.GetMany()
	o.say("%d %v", len(none), err)
	deleted, err := c.Delete("k")
	o.say("deleted %v %v", deleted, err)
	exists, err := c.Exists("k")
	o.say("exists %v %v", exists, err)
	n, err := c.Count("n", -3)
	o.say("count %d %v", n, err)
	_, err = c.CountFrom("n", 1, 10, time.Minute)
	return errors.Join(err,
		c.Set("k", []byte("v"), time.Second),
		c.Set("nil", nil, 0),
		c.Add("k", []byte("v"), 0),
		c.Replace("k", []byte("v"), 0),
		c.Swap("k", []byte("v"), time.Hour, 7),
		c.Touch("k", time.Millisecond))
}

func cacheFail(r *edge.Request, o *out) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	const gone = "fail -12 none none 0 gone"
	deleted, err := c.Delete(gone)
	o.say("deleted %v %v", deleted, err)
	exists, err := c.Exists(gone)
	o.say("exists %v %v", exists, err)
	deleted, err = c.Delete("fail -13 none none 0 down")
	o.say("deleted %v %v", deleted, err)
	o.failed(c.Replace(gone, nil, 0))
	o.failed(c.Add("fail -17 none none 0 there", nil, 0))
	_, err = c.Count(gone, 1)
	o.failed(err)
	_, err = c.Get("fail -11 none none 0 full")
	return err
}

func storage(r *edge.Request, o *out) error {
	s, err := r.Storage("files")
	if err != nil {
		return err
	}
	show := func(object *edge.Object, err error) {
		if err != nil {
			o.failed(err)
			return
		}
		o.say("%d %d %q %s %s %s %v", object.Size, object.Offset, object.Body, object.ETag, object.ContentType,
			object.Modified.Format(time.RFC3339Nano), object.Metadata)
	}
	show(s.Get("k"))
	show(s.GetRange("k", edge.Range{Offset: 5, Length: 10, ETag: "e1"}))
	show(s.GetRange("k", edge.Range{Offset: -1}))
	show(s.Head("k"))
	show(s.Put("k", nil, edge.PutOptions{}))
	show(s.Put("k", []byte("body"), edge.PutOptions{ContentType: "text/css", Create: true, Metadata: edge.Fields{{Name: "owner", Value: "me"}, {Name: "tag"}}}))
	show(s.Copy("a", "b"))
	o.say("%v", s.Delete("k"))
	url, err := s.PresignedURL(edge.WriteURL, "k", time.Hour)
	o.say("%s %v", url, err)
	return nil
}

func list(r *edge.Request, o *out) error {
	s, err := r.Storage("files")
	if err != nil {
		return err
	}
	page, err := s.ListPage(edge.ListOptions{Prefix: "p", Delimiter: "/", After: "x", Limit: 2})
	if err != nil {
		return err
	}
	o.say("next %q", page.Next)
	for entry, err := range s.List(edge.ListOptions{Prefix: ""}) {
		o.say("%+v %v %v", entry, entry.IsPrefix(), err)
	}
	for range s.List(edge.ListOptions{}) {
		break
	}
	for entry, err := range s.List(edge.ListOptions{Prefix: "broken"}) {
		if err != nil {
			return err
		}
		o.say("%s", entry.Key)
	}
	return nil
}

func upload(r *edge.Request, o *out) error {
	s, err := r.Storage("files")
	if err != nil {
		return err
	}
	up, err := s.Upload("k", edge.PutOptions{ContentType: "text/plain"})
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := io.Copy(up, strings.NewReader(strings.Repeat("x", 400_000))); err != nil {
			return err
		}
	}
	n, err := up.Write(make([]byte, 2<<20))
	o.say("wrote %d %v", n, err)
	if _, err := up.Write([]byte("end")); err != nil {
		return err
	}
	object, err := up.Finish()
	if err != nil {
		return err
	}
	o.say("etag %s, aborted %v", object.ETag, up.Abort())
	_, err = up.Write(nil)
	o.failed(err)
	up, err = s.Upload("other", edge.PutOptions{})
	if err != nil {
		return err
	}
	o.say("aborted %v %v", up.Abort(), up.Abort())
	up, err = s.Upload("broken", edge.PutOptions{})
	if err != nil {
		return err
	}
	n, err = up.Write(make([]byte, 1<<20))
	o.say("wrote %d %v", n, err)
	_, err = up.Finish()
	return err
}

func storageFail(r *edge.Request, o *out) error {
	s, err := r.Storage("files")
	if err != nil {
		return err
	}
	_, err = s.Get("fail -12 none none 0 no such object")
	o.failed(err)
	_, err = s.GetRange("fail -2 range none 0 behind its end", edge.Range{Offset: 9})
	o.failed(err)
	_, err = s.ListPage(edge.ListOptions{Limit: -1})
	return err
}

func email(r *edge.Request, o *out) error {
	m, err := r.Email("mail")
	if err != nil {
		return err
	}
	id, err := m.Send(edge.Message{To: []string{"a@example.com"}, Subject: "s", Text: "t"})
	o.say("%s %v", id, err)
	_, err = m.Send(edge.Message{
		From: "f", To: []string{"a", "b"}, Cc: []string{"c"}, Bcc: []string{"d"}, ReplyTo: []string{"e"}, Subject: "s", Text: "t", HTML: "h",
		Attachments: []edge.Attachment{{Name: "n", ContentType: "image/png", Content: []byte("x"), ContentID: "i"}, {Name: "m", Content: []byte{}}},
	})
	o.say("%v", err)
	for _, id := range []string{"once", "again"} {
		state, err := m.State(id)
		o.say("%+v %v", state, err)
	}
	_, err = m.SendIn(nil, edge.Message{})
	o.failed(err)
	_, err = m.State("fail -12 none none 0 no such mail")
	return err
}

func emailInTransaction(r *edge.Request, o *out) error {
	m, err := r.Email("mail")
	if err != nil {
		return err
	}
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{})
	if err != nil {
		return err
	}
	id, err := m.SendIn(tx, edge.Message{To: []string{"a"}, Subject: "s", Text: "t"})
	o.say("%s %v", id, err)
	_, err = m.SendIn(tx, edge.Message{To: []string{"a"}, Subject: "fail -4 none mail 0 not from there", Text: "t"})
	o.failed(err)
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = m.SendIn(tx, edge.Message{})
	return err
}

func client(r *edge.Request, o *out) error {
	web, err := r.HTTP("web")
	if err != nil {
		return err
	}
	answer, err := web.Get("http://a/")
	o.say("%d %v %q %s %v %v", answer.Status, answer.Headers, answer.Body, answer.URL, answer.Elapsed, err)
	answer, err = web.Do(edge.HTTPRequest{Method: "PUT", URL: "http://a/", Headers: edge.Fields{{Name: "x", Value: "1"}, {Name: "x", Value: "2"}},
		Body: []byte{}, Timeout: time.Second, MaxBody: 9, NoRedirects: true})
	o.say("%d %q %v", answer.Status, answer.Body, err)
	_, err = web.Do(edge.HTTPRequest{URL: "http://a/", MaxBody: -1})
	o.failed(err)
	_, err = web.Get("fail -4 none evil 0 not on the list")
	return err
}
