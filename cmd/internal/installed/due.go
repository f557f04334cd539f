package installed

import (
	"hash/fnv"
	"time"
)

// A Reason says why a run starts the renewal; empty: it does not.
type Reason string

// The reasons.
const (
	ReasonTold       Reason = "the endpoint has another version"
	ReasonUnfinished Reason = "a download goes on"
	ReasonKeys       Reason = "the settings have other keys"
	ReasonDaily      Reason = "it is looked for every day"
)

// HasOtherKeys reports whether the last try failed for want of a key, and the settings have others now. keys returns their
// [KeysHash], and is called only where it matters.
func (r Renewal) HasOtherKeys(keys func() string) bool { return r.Keys != "" && r.Keys != keys() }

const day = 24 * time.Hour

// Due returns whether the endpoint is to be asked for another version at now. toldMS is when it
// last said that there is one, ms since the epoch. Each agent has its own time of day, so that they
// do not all come at once.
func (r Renewal) Due(now time.Time, toldMS int64, agentID string) Reason {
	ms := now.UnixMilli()
	if r.UntilMS != 0 && r.FailedMS <= ms && ms < r.UntilMS { // not if the clock was set back
		return ""
	}
	hash := fnv.New64a()
	hash.Write([]byte(agentID))
	phase := int64(hash.Sum64() % uint64(day.Milliseconds()))
	latest := (ms-phase)/day.Milliseconds()*day.Milliseconds() + phase
	switch {
	case toldMS > r.AskedMS && toldMS <= ms || toldMS > ms && r.AskedMS > ms:
		return ReasonTold
	case r.Unfinished:
		return ReasonUnfinished
	case r.AskedMS < latest || r.AskedMS > ms+day.Milliseconds():
		return ReasonDaily
	}
	return ""
}
