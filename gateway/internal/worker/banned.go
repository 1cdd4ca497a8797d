package worker

import (
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// ban keeps versions from being served any more, unless a snapshot without them
// has come already. The caller has the turn.
func (s *Supervisor) ban(banned []Banned) {
	s.banned = append(s.banned, stillBanned(s.current, banned)...)
}

// stillBanned are those of the versions banned that a snapshot would serve all
// the same: it was made before they were banned, or by a change that has nothing
// to do with them. The first snapshot without a version ends its ban.
func stillBanned(next gateway.Snapshot, banned []Banned) []Banned {
	return slices.DeleteFunc(slices.Clone(banned), func(b Banned) bool {
		return !slices.ContainsFunc(next.Endpoints, func(e gateway.Endpoint) bool {
			return e.Name == b.Endpoint && (isVersion(e.Library, b.Version) || e.Canary != nil && isVersion(e.Canary.Library, b.Version))
		})
	})
}
