package agent

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"virgo/transport"
)

// How long runs stay away from an endpoint after an error that is not going to pass by the next minute: at
// first, at most by this side's own reckoning, and at most because the endpoint named a time.
const (
	rateLimitHold = 5 * time.Minute
	refusedHold   = time.Minute // authentication, version
	maxOwnHold    = time.Hour
	maxNamedHold  = 24 * time.Hour
)

// maxHoldTimes bounds Hold.Times: the wait has long come to its end then.
const maxHoldTimes = 1000

// A Reason is why an endpoint is left alone for a while.
type Reason string

// The reasons, as state and --json write them.
const (
	RateLimited Reason = "rate_limit"
	NotLetIn    Reason = "authentication"
	WrongAge    Reason = "version"
)

// String is for people.
func (r Reason) String() string {
	switch r {
	case RateLimited:
		return "the endpoint's rate limit was reached"
	case NotLetIn:
		return "the endpoint did not let this agent in"
	case WrongAge:
		return "the versions do not fit"
	}
	return string(r)
}

// reasonOf gives the reason for a hold that lies in an error; empty where trying again soon is right.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, transport.ErrRateLimit):
		return RateLimited
	case errors.Is(err, transport.ErrAuth):
		return NotLetIn
	case errors.Is(err, transport.ErrVersion):
		return WrongAge
	}
	return ""
}

// A Hold is how long runs only collect. The zero value: they deliver.
type Hold struct {
	// SinceMS and UntilMS bound it, ms since the epoch: a clock that was set back before SinceMS ends it.
	SinceMS int64  `json:"since_ms"`
	UntilMS int64  `json:"until_ms"`
	Reason  Reason `json:"reason"`
	// Times that the endpoint was tried in vain, one after the other, without anything delivered.
	Times int `json:"times"`
	// By tells the settings that were tried: with others the next run tries at once.
	By uint32 `json:"-"`
}

// holds says whether a run at now, with those settings, is to stay away.
func (h Hold) holds(now time.Time, by uint32) bool {
	ms := now.UnixMilli()
	return h.UntilMS != 0 && h.SinceMS <= ms && ms < h.UntilMS && h.UntilMS-h.SinceMS <= maxNamedHold.Milliseconds() && h.By == by
}

// next is the hold that follows h when the endpoint was tried at now and answered with err. random gives a
// number from 0 up to, and without, its argument: hosts that were sent away together do not come back together.
func (h Hold) next(now time.Time, reason Reason, err error, progress, byHand bool, by uint32, random func(int64) int64) Hold {
	times := h.Times
	switch {
	case progress:
		times = 1
	case !byHand || times == 0: // a person who looks for the fault does not make the runs wait longer
		times = min(times+1, maxHoldTimes)
	}
	first := refusedHold
	if reason == RateLimited {
		first = rateLimitHold
	}
	wait := first
	for n := 1; n < times && wait < maxOwnHold; n++ {
		wait *= 2
	}
	spread := min(wait, maxOwnHold) / 4
	wait = min(wait, maxOwnHold-spread)
	var said *transport.Error
	if errors.As(err, &said) && said.RetryAfterMS > 0 {
		named := time.Duration(min(said.RetryAfterMS, maxNamedHold.Milliseconds())) * time.Millisecond
		spread = min(named/4, maxOwnHold/4, maxNamedHold-named)
		wait = named
	}
	if spread > 0 {
		wait += time.Duration(random(int64(spread)))
	}
	return Hold{SinceMS: now.UnixMilli(), UntilMS: now.Add(wait).UnixMilli(), Reason: reason, Times: times, By: by}
}

// random is Agent.Random, or the runtime's.
func (a *Agent) random(n int64) int64 {
	if a.Random != nil {
		return a.Random(n)
	}
	return rand.Int64N(n)
}

// settings tells one set of settings that an endpoint judges from another, and gives none of them away.
func (a *Agent) settings(token string) uint32 {
	h := sha256.New()
	for _, s := range []string{"virgo hold", a.ID, a.Version, token, strings.Join(a.Endpoints, " "), a.TLS.ClientCert} {
		io.WriteString(h, s)
		h.Write([]byte{0})
	}
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// ErrHeld is what every [HeldError] is to errors.Is.
var ErrHeld = errors.New("the endpoint is left alone for now")

// A HeldError is returned by a delivery that was not tried, because the endpoint sent this agent away
// shortly before.
type HeldError struct {
	Reason Reason
	Until  time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%v: %v; the next try is at %s or later", ErrHeld, e.Reason, e.Until.Local().Format("15:04:05"))
}

// Is makes every HeldError an [ErrHeld].
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// Hint is how to try all the same.
func (e *HeldError) Hint() string { return "virgo flush tries at once" }

// Held gives why a run is to stay away now; nil where it is not. The token is read only while there is a hold.
func (a *Agent) Held(st State) *HeldError {
	h := st.Link.Hold
	if h.UntilMS == 0 {
		return nil
	}
	token, err := a.Token()
	if err != nil || !h.holds(a.Now(), a.settings(token)) {
		return nil // a token that cannot be read is for the session to report
	}
	return &HeldError{h.Reason, time.UnixMilli(h.UntilMS)}
}

// held is Held for whoever a person did not send.
func (l *link) held() *HeldError {
	if l.byHand {
		return nil
	}
	return l.agent.Held(l.state)
}

// stayAway lets the next runs leave the endpoint alone, where err is of that kind, and gives the kind.
func (l *link) stayAway(now time.Time, err error, progress bool) Reason {
	reason := reasonOf(err)
	if reason == "" {
		return ""
	}
	token, _ := l.agent.Token() // it was read to come this far
	h := &l.state.Link.Hold
	*h = h.next(now, reason, err, progress, l.byHand, l.agent.settings(token), l.agent.random)
	l.dirty = true
	return reason
}
