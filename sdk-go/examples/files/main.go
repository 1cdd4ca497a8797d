// Files keeps files in the storage that is bound as "files":
//
//	PUT    /files/{key:*}                      any bytes; 201, or 200 where there was one
//	GET    /files/{key:*}                      the file or, with Range, a part of it
//	DELETE /files/{key:*}                      204
//	GET    /files?prefix=P&after=A&limit=N     what there is, as JSON in pages
//
// It serves both paths: the one with a key is the file's own. Whoever may write
// here chooses what a browser is shown, so give it a domain of its own.
package main

import (
	"errors"
	"fmt"
	"strings"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(serve) }

func main() {}

func serve(r *edge.Request) (*edge.Response, error) {
	files, err := r.Storage("files")
	if err != nil {
		return nil, err
	}
	var answer *edge.Response
	key := r.Param("key")
	switch {
	case len(r.Params) == 0:
		answer, err = list(files, r.Query)
	case r.Method == "GET" || r.Method == "HEAD":
		answer, err = get(files, key, r)
	case r.Method == "PUT":
		answer, err = put(files, key, r)
	case r.Method == "DELETE":
		answer, err = remove(files, key)
	default:
		answer = edge.Text(405, "GET, PUT or DELETE\n")
		answer.Add("allow", "GET, HEAD, PUT, DELETE")
	}
	if err != nil {
		return refusal(err)
	}
	return answer, nil
}

// put stores the body. Whether the file is a new one is decided by the storage:
// of several that are sent at once only one is.
func put(files edge.Storage, key string, r *edge.Request) (*edge.Response, error) {
	options := edge.PutOptions{ContentType: r.Headers.Get("content-type")}
	_, err := files.Head(key)
	status := 200
	if errors.Is(err, edge.ErrNotFound) {
		status, options.Create = 201, true
	} else if err != nil {
		return nil, err
	}
	object, err := files.Put(key, r.Body, options)
	if options.Create && errors.Is(err, edge.ErrConflict) {
		status, options.Create = 200, false
		object, err = files.Put(key, r.Body, options)
	}
	if err != nil {
		return nil, err
	}
	answer := edge.Text(status, fmt.Sprintf("%d bytes\n", object.Size))
	answer.Add("etag", quoted(object.ETag))
	if status == 201 {
		answer.Add("location", r.Path)
	}
	return answer, nil
}

func remove(files edge.Storage, key string) (*edge.Response, error) {
	if err := files.Delete(key); err != nil {
		return nil, err
	}
	return &edge.Response{Status: 204}, nil
}

// refusal says what a client can do about an error; what it cannot stays one, a
// 500 with its text in the log.
func refusal(err error) (*edge.Response, error) {
	switch {
	case errors.Is(err, edge.ErrNotFound):
		return edge.Text(404, "there is no such file\n"), nil
	case errors.Is(err, edge.ErrInvalid):
		return edge.Text(400, "a key is 1 to 1024 bytes of UTF-8 without NUL\n"), nil
	case errors.Is(err, edge.ErrTooLarge):
		return edge.Text(413, "the file is too large\n"), nil
	case errors.Is(err, edge.ErrOverloaded), errors.Is(err, edge.ErrUnavailable):
		answer := edge.Text(503, "the storage cannot be reached; try again later\n")
		answer.Add("retry-after", "1")
		return answer, nil
	}
	return nil, err
}

func quoted(etag string) string { return `"` + strings.ReplaceAll(etag, `"`, "") + `"` }
