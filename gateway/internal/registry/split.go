package registry

import (
	"math"

	"github.com/cespare/xxhash/v2"
)

// Split says which instances answer new requests. Once in force it is never
// changed, only replaced, so that a request sees one or the other whole.
type Split struct {
	Current   *Instance // nil: there is no version, 503
	Candidate *Instance // gets a share of the requests; nil without a canary
	Weight    float64   // percent of the requests; above 0, below 100
	Header    string    // that tells clients apart; their address where it is empty

	share uint64 // hashes below it are the candidate's
	seed  uint64
}

// Client is what a request is told apart by, where there is a canary.
type Client interface {
	// Key is the value of a header or, where the request has none or the name
	// is empty, the client's address without its port.
	Key(header string) []byte
}

// prepare works out what is the same for all requests.
//
// A request goes to the candidate if the hash of its key is below the share of
// all hashes that the weight stands for:
//
//   - Spread evenly: the hash is xxHash64, whose every bit depends on every bit
//     of the key. Addresses that follow one another, and keys that are counted
//     up, fall on both sides like random ones.
//   - Sticky: it depends on the key and the candidate alone. It is the same in
//     every process, so a restart moves nobody. The candidate is its seed: each
//     canary is tried on other clients.
//   - Raising the weight raises the bound: hashes below it stay below it, so
//     clients move to the candidate only, and lowering it moves them back only.
func (s *Split) prepare() {
	if s.Candidate == nil {
		return
	}
	s.share = uint64(math.Ldexp(s.Weight/100, 64))
	s.seed = xxhash.Sum64String(s.Candidate.Version.Digest)
}

// tries tells whether the request with a key goes to the candidate.
func (s *Split) tries(key []byte) bool {
	var hash xxhash.Digest
	hash.ResetWithSeed(s.seed)
	_, _ = hash.Write(key) // it has no error to return
	return hash.Sum64() < s.share
}

// Split is what is in force. Not to be changed.
func (e *Endpoint) Split() *Split { return e.split.Load() }

// Acquire takes a guard on the instance that is to answer a request; nil if
// there is none. An instance that drains is no longer part of the split in
// force, which is replaced before an instance is drained: so it looks again,
// and what it finds is newer.
func (e *Endpoint) Acquire(client Client) *Instance {
	for {
		s := e.split.Load()
		i := s.Current
		if s.Candidate != nil && s.tries(client.Key(s.Header)) {
			i = s.Candidate
		}
		if i == nil || i.Acquire() {
			return i
		}
	}
}

// Swap makes next what answers new requests. When it returns no request enters
// an instance that is not part of it; those that were before are drained, shut
// down and unloaded in the background. One caller at a time.
func (e *Endpoint) Swap(next Split) {
	next.prepare()
	old := e.split.Swap(&next)
	for _, i := range [...]*Instance{old.Current, old.Candidate} {
		if i != nil && i != next.Current && i != next.Candidate {
			e.retire(i)
		}
	}
}

// Find is the instance among those that answer that would do as well as a new
// one; nil if there is none.
func (e *Endpoint) Find(identity string) *Instance {
	s := e.split.Load()
	for _, i := range [...]*Instance{s.Current, s.Candidate} {
		if i != nil && identity != "" && i.Identity == identity {
			return i
		}
	}
	return nil
}
