package intake

import (
	"crypto/ed25519"
	"fmt"
	"net"
	"strconv"
	"time"

	"virgo/transport/agentkey"
)

const (
	// twoHostsAfter is the number of times that an agent's sessions have to fall back from another
	// address before it is reported as used by two hosts: a restored snapshot that also moved does it
	// once.
	twoHostsAfter = 3
	// fallsForgotten is the pause after which falls are counted anew.
	fallsForgotten = 24 * time.Hour
	// reportedFor is how long after the last time a warning is shown.
	reportedFor = 7 * 24 * time.Hour
)

// An Identity is who an agent is.
type Identity struct {
	AgentID string
	// Key is the registered key; nil if there is none.
	Key ed25519.PublicKey
	// Registered is when the key was registered, From the address that it came from (empty for one
	// that a person registered), TokenID the token that was used (empty likewise).
	Registered    time.Time
	From, TokenID string
	// Relay is true if the key is a relay's.
	Relay bool
	// Group is that of the token that enrolled the agent last.
	Group string
	// Tags are a person's, sorted.
	Tags []string
	// Known is true for an agent that was known when the store was migrated from a version without
	// keys.
	Known bool
	// Revoked and Removed are zero if it did not happen.
	Revoked, Removed time.Time
	Sessions         Sessions
	OtherKeys        OtherKeys
}

// Sessions is what is known about the numbers of an agent's sessions since its key was registered.
type Sessions struct {
	// Last is the greatest number so far, and From the host that the last session came from.
	Last uint64
	From string
	// Falls counts the sessions whose number was not above Last.
	Falls int64
	// Elsewhere counts those of them that came from another host than the session before, with no
	// longer pause than a day between them. ElsewhereAt is when the last one was, ElsewhereFrom the
	// two hosts.
	Elsewhere     int64
	ElsewhereAt   time.Time
	ElsewhereFrom [2]string
}

// Note records a session. It returns false if its number did not grow.
//
// A number that falls is no reason to refuse a session: a full disk and a restored snapshot look the
// same as a copied state folder. But two hosts that use one key take turns in falling behind each
// other, since each is told the other's last number and continues after it.
func (s *Sessions) Note(session uint64, remote string, now time.Time) (grew bool) {
	from := HostOf(remote)
	grew = session > s.Last
	if grew {
		s.Last = session
	} else {
		s.Falls++
		if from != s.From && s.From != "" {
			if now.Sub(s.ElsewhereAt) > fallsForgotten {
				s.Elsewhere = 0
			}
			s.Elsewhere++
			s.ElsewhereAt, s.ElsewhereFrom = now, [2]string{s.From, from}
		}
	}
	s.From = from
	return grew
}

// TwoHosts reports whether two hosts most likely use the agent's key.
func (s *Sessions) TwoHosts(now time.Time) bool {
	return s.Elsewhere >= twoHostsAfter && now.Sub(s.ElsewhereAt) < reportedFor
}

// HostOf returns an address without its port, which is another one in every session.
func HostOf(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		return host
	}
	return remote
}

// OtherKeys records the attempts to use an agent's id with another key than the registered one.
type OtherKeys struct {
	// Count is how many were recorded; more may have been made in the same minute.
	Count int64
	// Last is the time of the last one, From its host, Key the fingerprint of the key that it had.
	Last      time.Time
	From, Key string
}

// An OtherKey is one such attempt, as part of an [Arrival].
type OtherKey struct {
	Key    ed25519.PublicKey
	Remote string
}

// Note records an attempt.
func (o *OtherKeys) Note(k *OtherKey, now time.Time) {
	o.Count++
	o.Last, o.From, o.Key = now, HostOf(k.Remote), agentkey.Fingerprint(k.Key)
}

// A Warning is something about an agent that a person should look at.
type Warning struct {
	// Type is for programs: "twoHosts" or "otherKey".
	Type string
	Text string
}

// Warnings returns what a person should look at. The texts contain addresses and no other text of a
// peer.
func (i *Identity) Warnings(now time.Time) []Warning {
	var list []Warning
	if s := &i.Sessions; s.TwoHosts(now) {
		list = append(list, Warning{"twoHosts", fmt.Sprintf(
			"two hosts use its key: %s times a session number fell back from another address (%s, %s); on the copy, delete the state folder and set it up with an id of its own",
			strconv.FormatInt(s.Elsewhere, 10), s.ElsewhereFrom[0], s.ElsewhereFrom[1])})
	}
	if o := &i.OtherKeys; o.Count > 0 && now.Sub(o.Last) < reportedFor {
		list = append(list, Warning{"otherKey", fmt.Sprintf(
			"another key (%s, last from %s) was refused for it (counted: %d); if that host was set up anew, agents reset lets it enrol",
			o.Key, o.From, o.Count)})
	}
	return list
}
