package admin

import (
	"crypto/sha256"
	"maps"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// An address may try ten wrong tokens at once, and one each second after that.
const (
	wrongBurst  = 10
	wrongEvery  = time.Second
	tellEvery   = time.Minute // a line in the log for each address
	noteBurst   = 20          // entries of the audit, over all addresses
	noteEvery   = time.Minute
	maxTracked  = 4096 // addresses
	maxRight    = 1024 // tokens
	trackedIdle = 10 * time.Minute
)

// attempts slows down the guessing of tokens, and bounds what is written down
// about it. Its memory is bounded too: when it tracks as many addresses as it
// can, all others share one budget.
//
// Tokens that were right once are looked at however many wrong ones come from
// the same address, so that nobody can lock out the others behind it.
type attempts struct {
	now func() time.Time

	mu     sync.Mutex
	wrongs map[string]*tracked
	told   map[string]*told
	rights map[[sha256.Size]byte]bool
	notes  *rate.Limiter
	swept  time.Time // when what is old was last forgotten
}

type tracked struct {
	budget *rate.Limiter
	last   time.Time
}

type told struct {
	at    time.Time
	since int // not told of
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{
		now: now, wrongs: map[string]*tracked{}, told: map[string]*told{}, rights: map[[sha256.Size]byte]bool{},
		notes: rate.NewLimiter(rate.Every(noteEvery), noteBurst),
	}
}

// wait tells how long to wait before a token is looked at; 0 for not at all.
func (a *attempts) wait(address, token string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rights[sha256.Sum256([]byte(token))] {
		return 0
	}
	t, ok := a.wrongs[network(address)]
	if !ok {
		t, ok = a.wrongs[everyone]
	}
	if !ok {
		return 0
	}
	missing := 1 - t.budget.TokensAt(a.now())
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(wrongEvery))
}

// right notes a token that is known. When there is no room one of the others
// goes, whichever.
func (a *attempts) right(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for old := range a.rights {
		if len(a.rights) < maxRight {
			break
		}
		delete(a.rights, old)
	}
	a.rights[sha256.Sum256([]byte(token))] = true
}

// wrong notes a token that is not known.
func (a *attempts) wrong(address, token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rights, sha256.Sum256([]byte(token))) // it expired, or was deleted
	t := a.track(network(address))
	t.last = a.now()
	t.budget.AllowN(t.last, 1)
}

const everyone = "everyone else"

// track finds the budget of an address.
func (a *attempts) track(address string) *tracked {
	if t := a.wrongs[address]; t != nil {
		return t
	}
	if len(a.wrongs) >= maxTracked {
		a.sweep()
	}
	if len(a.wrongs) >= maxTracked {
		address = everyone
	}
	t := a.wrongs[address]
	if t == nil {
		t = &tracked{budget: rate.NewLimiter(rate.Every(wrongEvery), wrongBurst)}
		a.wrongs[address] = t
	}
	return t
}

// sweep forgets what is old. A flood does not have it look for that each time.
func (a *attempts) sweep() {
	now := a.now()
	if now.Sub(a.swept) < time.Second {
		return
	}
	a.swept = now
	maps.DeleteFunc(a.wrongs, func(_ string, t *tracked) bool { return now.Sub(t.last) > trackedIdle })
	maps.DeleteFunc(a.told, func(_ string, t *told) bool { return now.Sub(t.at) > tellEvery })
}

// tell tells whether to say that who was refused, and of how many times that
// was not said before.
func (a *attempts) tell(who string) (count int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.told) >= maxTracked && a.told[who] == nil {
		if a.sweep(); len(a.told) >= maxTracked {
			who = everyone
		}
	}
	t := a.told[who]
	if t == nil {
		t = &told{}
		a.told[who] = t
	}
	t.since++
	if a.now().Sub(t.at) < tellEvery {
		return 0, false
	}
	count, t.since, t.at = t.since, 0, a.now()
	return count, true
}

// mayNote tells whether the audit has room for one more refusal.
func (a *attempts) mayNote() bool { return a.notes.AllowN(a.now(), 1) }

// network is an address, or the network of it that one client has: of IPv6 its
// first half.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

func tooMany(wait time.Duration) *Problem {
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return problem(http.StatusTooManyRequests, "too many wrong tokens came from this address; try again in %s s", seconds).
		with("Retry-After", seconds)
}
