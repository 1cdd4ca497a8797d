// Package state keeps what the control plane knows, in an SQLite database in
// the data directory. Every change is on the disk before it is acknowledged.
package state

import (
	"context"
	"errors"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// ErrNewer says that a newer program has written the state.
var ErrNewer = errors.New("the state was written by a newer version of the program")

// Store is the state. One process at a time may have it open.
type Store struct{}

// Open opens the state in dir, and makes it where it is missing. An older one
// is migrated, with a copy of it kept beside; a newer one is refused.
func Open(ctx context.Context, dir string) (*Store, error) { panic("not written") }

// Close closes it.
func (s *Store) Close() error { panic("not written") }

// View runs f on the state as it is at one moment.
func (s *Store) View(ctx context.Context, f func(*Tx) error) error { panic("not written") }

// Update runs f and makes what it did durable, if it returns nil; else nothing
// of it remains. Updates run one after the other.
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error { panic("not written") }

// Tx is one look at the state, or one change of it. It is used by one
// goroutine, and not after View or Update has returned. What is not there is a
// [*model.Error] of kind Missing; a name taken twice is one of kind Conflict.
type Tx struct{}

// Endpoints has those that the API made, by name; the file's are not stored.
// Live fields (Fault, a canary's sides) are zero.
func (t *Tx) Endpoints() ([]model.Endpoint, error)         { panic("not written") }
func (t *Tx) Endpoint(name string) (model.Endpoint, error) { panic("not written") }
func (t *Tx) CreateEndpoint(e model.Endpoint) error        { panic("not written") }
func (t *Tx) PutEndpoint(e model.Endpoint) error           { panic("not written") } // replaces
func (t *Tx) DeleteEndpoint(name string) error             { panic("not written") } // with versions, deploys, source

// Versions of an endpoint, the newest first.
func (t *Tx) Versions(endpoint string) ([]model.Version, error)      { panic("not written") }
func (t *Tx) Version(endpoint, digest string) (model.Version, error) { panic("not written") } // digest may be the beginning of one
func (t *Tx) PutVersion(v model.Version) error                       { panic("not written") } // of one that is there, the first record stays
func (t *Tx) DeleteVersion(endpoint, digest string) error            { panic("not written") }
func (t *Tx) AddDeploy(d model.Deploy) (int64, error)                { panic("not written") }
func (t *Tx) Deploys(endpoint string, p model.Page) (model.List[model.Deploy], error) {
	panic("not written")
}
func (t *Tx) Source(endpoint string) (model.Source, error)    { panic("not written") }
func (t *Tx) PutSource(endpoint string, s model.Source) error { panic("not written") }

// Digests are all libraries and source trees that anything refers to.
func (t *Tx) Digests() (libraries, sources map[string]bool, err error) { panic("not written") }

func (t *Tx) Builds(f model.BuildFilter, p model.Page) (model.List[model.Build], error) {
	panic("not written")
}                                                  // newest first
func (t *Tx) Build(id string) (model.Build, error) { panic("not written") }
func (t *Tx) PutBuild(b model.Build) error         { panic("not written") } // new or replaced
func (t *Tx) PruneBuilds(endpoint string, keep int) (removed []string, err error) {
	panic("not written")
} // final ones beyond the newest

// Service is a service with its secrets, which are sealed on the disk with a
// key that lies in a file of its own, readable by the owner only.
type Service struct {
	model.Service
	Secrets map[string]string // by the option's name; Options hold model.HiddenSecret there
}

func (t *Tx) Services() ([]Service, error)         { panic("not written") }
func (t *Tx) Service(name string) (Service, error) { panic("not written") }
func (t *Tx) CreateService(s Service) error        { panic("not written") }
func (t *Tx) PutService(s Service) error           { panic("not written") }
func (t *Tx) DeleteService(name string) error      { panic("not written") }

// Key is a key with the SHA-256 of its token.
type Key struct {
	model.Key
	Hash [32]byte
}

func (t *Tx) Keys() ([]Key, error)        { panic("not written") }
func (t *Tx) CreateKey(k Key) error       { panic("not written") }
func (t *Tx) PutKey(k Key) error          { panic("not written") }
func (t *Tx) DeleteKey(name string) error { panic("not written") }

func (t *Tx) AddAudit(e model.AuditEntry) error { panic("not written") }
func (t *Tx) Audit(f model.AuditFilter, p model.Page) (model.List[model.AuditEntry], error) {
	panic("not written")
}                                       // newest first
func (t *Tx) PruneAudit(keep int) error { panic("not written") }

// Answer is what was answered under an idempotency key; the request tells what
// it was for.
type Answer struct {
	Request string
	Answer  []byte
}

// Answer finds one of the last 24 hours.
func (t *Tx) Answer(actor, key string) (a Answer, found bool, err error) { panic("not written") }
func (t *Tx) PutAnswer(actor, key string, a Answer) error                { panic("not written") } // and forgets those that are older
