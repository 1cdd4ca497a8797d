package admin

import (
	"slices"
	"strconv"
	"strings"
)

// Match is the input of what is done to one revision only.
type Match struct {
	IfMatch string `header:"If-Match" pattern:"^(\"[0-9]{1,18}\"|\\*)$" maxLength:"20" doc:"ETag of the revision that is meant; * or nothing for whichever it is." example:"\"3\""`
}

// revision is 0 for any.
func (m Match) revision() int64 {
	n, _ := strconv.ParseInt(strings.Trim(m.IfMatch, `"`), 10, 64) // the pattern has it right
	if n == 0 && m.IfMatch != "" && m.IfMatch != "*" {
		return -1 // the tag "0" is that of no revision
	}
	return n
}

func etag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// NoneMatch is the input of what is given only if the client has not got it.
type NoneMatch struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"ETags of what the client has; of one of them the answer is 304." example:"\"3\""`
}

func (m NoneMatch) has(tag string) bool {
	return slices.ContainsFunc(strings.Split(m.IfNoneMatch, ","), func(one string) bool {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		return one == tag || one == "*"
	})
}

// revised is an answer that has a revision.
type revised[T any] struct {
	Status   int
	ETag     string `header:"ETag" doc:"The revision."`
	Location string `header:"Location" doc:"Where it is, of one that was made."`
	Replayed string `header:"Idempotency-Replayed" doc:"true if it was made by an earlier request with the same Idempotency-Key."`
	Body     T
}
