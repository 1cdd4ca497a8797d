package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// get answers with a file. What HTTP asks about it is decided on its head; the
// body is then read with that ETag, and all over again when it has changed.
func get(files edge.Storage, key string, r *edge.Request) (*edge.Response, error) {
	const tries = 3
	for try := 1; ; try++ {
		head, err := files.Head(key)
		if err != nil {
			return nil, err
		}
		answer, err := answerWith(files, key, head, r)
		if try == tries || !errors.Is(err, edge.ErrConflict) {
			return answer, err
		}
	}
}

func answerWith(files edge.Storage, key string, head *edge.Object, r *edge.Request) (*edge.Response, error) {
	answer := &edge.Response{Status: 200, Headers: edge.Fields{
		{Name: "etag", Value: quoted(head.ETag)},
		{Name: "accept-ranges", Value: "bytes"},
	}}
	if !head.Modified.IsZero() {
		answer.Add("last-modified", head.Modified.UTC().Format(http.TimeFormat))
	}
	if matches(r.Headers.Values("if-none-match"), quoted(head.ETag)) {
		answer.Status = 304
		return answer, nil
	}
	part := edge.Range{ETag: head.ETag}
	if wanted := r.Headers.Values("range"); len(wanted) == 1 && r.Method == "GET" && current(r, head) {
		first, length, ok := parseRange(wanted[0], head.Size)
		switch {
		case !ok: // one that we do not know: the whole file
		case length == 0:
			answer.Status = 416
			answer.Add("content-range", fmt.Sprintf("bytes */%d", head.Size))
			return answer, nil
		default:
			part.Offset, part.Length = first, length
			answer.Status = 206
			answer.Add("content-range", fmt.Sprintf("bytes %d-%d/%d", first, first+length-1, head.Size))
		}
	}
	object, err := files.GetRange(key, part)
	if err != nil {
		return nil, err
	}
	answer.Add("content-type", head.ContentType)
	answer.Add("x-content-type-options", "nosniff")
	answer.Body = object.Body
	return answer, nil
}

// matches tells whether If-None-Match names the ETag, by the weak comparison
// that it asks for.
func matches(lists []string, etag string) bool {
	for _, list := range lists {
		for tag := range strings.SplitSeq(list, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}

// current tells whether a range may be answered: If-Range asks for the whole
// file if it is another one by now.
func current(r *edge.Request, head *edge.Object) bool {
	known := r.Headers.Values("if-range")
	return len(known) == 0 || known[0] == quoted(head.ETag)
}
