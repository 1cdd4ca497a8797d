package main

import (
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// page is the JSON of a list. Next is what to ask for as "after" to get on.
type page struct {
	Files []file `json:"files"`
	Next  string `json:"next,omitempty"`
}

type file struct {
	Key      string    `json:"key"`
	Size     int64     `json:"size"`
	ETag     string    `json:"etag"`
	Modified time.Time `json:"modified"`
}

func list(files edge.Storage, query string) (*edge.Response, error) {
	const usual, most = 100, 1000
	values, err := url.ParseQuery(query)
	if err != nil {
		return edge.Text(400, "the query cannot be read\n"), nil
	}
	limit := usual
	if values.Has("limit") {
		limit, err = strconv.Atoi(values.Get("limit"))
		if err != nil || limit < 1 || limit > most {
			return edge.Text(400, "limit is a number from 1 to 1000\n"), nil
		}
	}
	found, err := files.ListPage(edge.ListOptions{Prefix: values.Get("prefix"), After: values.Get("after"), Limit: limit})
	if err != nil {
		return nil, err
	}
	p := page{Files: []file{}, Next: found.Next}
	for _, e := range found.Entries {
		p.Files = append(p.Files, file{Key: e.Key, Size: e.Size, ETag: quoted(e.ETag), Modified: e.Modified})
	}
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return edge.Bytes(200, "application/json", append(body, '\n')), nil
}
