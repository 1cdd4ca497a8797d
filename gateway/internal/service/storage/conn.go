package storage

import (
	"context"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// Backend makes connections to where the objects are.
type Backend interface {
	actor.Backend[Conn]
	// Probe really reaches it, on a connection of its own.
	Probe(ctx context.Context) error
}

// Conn is what a worker holds. Its methods block, run one at a time, get
// requests that were checked, and end with ctx. Errors are *service.Error, or
// of a context. After abi.ErrUnavailable, abi.ErrUnknown and a deadline the
// worker closes it and opens a new one.
type Conn interface {
	Get(ctx context.Context, r Get) (*Object, error)
	Head(ctx context.Context, r Head) (*Object, error)
	Put(ctx context.Context, r Put) (*Object, error)
	Delete(ctx context.Context, r Delete) error
	List(ctx context.Context, r List) (*Page, error)
	Copy(ctx context.Context, r Copy) (*Object, error)
	Presign(ctx context.Context, r Presign) (string, error)

	// Start begins an upload, with r.Body as its first part. It may go on and
	// end on another Conn of the same Backend.
	Start(ctx context.Context, r Start) (Upload, error)
	Write(ctx context.Context, u Upload, part []byte) error
	// Finish makes it an object. When it fails, Abort follows.
	Finish(ctx context.Context, u Upload, last []byte) (*Object, error)
	// Abort lets go of all that the upload holds; also of one that has ended.
	Abort(ctx context.Context, u Upload) error
}

// Upload is an upload under way, as its driver sees it. One goroutine at a time
// uses it.
type Upload any
