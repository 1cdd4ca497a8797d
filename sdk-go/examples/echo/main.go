// Echo answers any method on /go/echo/{path:*} with what it was sent, as JSON.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(echo) }

func main() {}

func echo(r *edge.Request) (*edge.Response, error) {
	sum := sha256.Sum256(r.Body)
	json := []byte(`{"method":`)
	json = appendText(json, r.Method)
	json = append(json, `,"path":`...)
	json = appendText(json, r.Path)
	json = append(json, `,"query":`...)
	json = appendText(json, r.Query)
	json = append(json, `,"params":`...)
	json = appendFields(json, r.Params)
	json = append(json, `,"headers":`...)
	json = appendFields(json, r.Headers)
	json = append(json, `,"body_length":`...)
	json = strconv.AppendInt(json, int64(len(r.Body)), 10)
	json = append(json, `,"body_sha256":"`...)
	json = hex.AppendEncode(json, sum[:])
	json = append(json, `"}`+"\n"...)
	return edge.Bytes(200, "application/json", json), nil
}
