package login

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peer"
)

// After maxWrong wrong attempts there is one in each wrongPause.
const (
	maxWrong   = 5
	wrongPause = time.Minute
	// wrongSlots bounds what is remembered. Names and addresses that share a slot are counted together, so whoever
	// makes up names makes it stricter and never forgets anybody else's attempts.
	wrongSlots = 4096
	knownSlots = 1024
)

// failures counts wrong attempts by name and by address. Those of a person from an address where that person logged in
// are counted for the two together.
type failures struct {
	mu   *sync.Mutex
	seed maphash.Seed
	// paid is until when the attempts of a slot are paid for: each costs a pause (GCRA).
	paid  []time.Time
	known []uint64 // hashes of name and address
}

func newFailures() failures {
	return failures{mu: new(sync.Mutex), seed: maphash.MakeSeed(), paid: make([]time.Time, wrongSlots), known: make([]uint64, knownSlots)}
}

// An attempt is one that was let in, and counts as wrong until it is undone: many at a time must not all be let in.
type attempt struct {
	f     *failures
	slots []*time.Time
}

// begin lets an attempt in. Error: *TooManyError.
func (f *failures) begin(name, network string, now time.Time) (attempt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	both := f.hash("both", name, network)
	a := attempt{f: f}
	if f.known[both%knownSlots] == both {
		a.slots = []*time.Time{&f.paid[both%wrongSlots]}
	} else {
		a.slots = []*time.Time{&f.paid[f.hash("name", name, "")%wrongSlots], &f.paid[f.hash("from", network, "")%wrongSlots]}
	}
	if len(a.slots) == 2 && a.slots[0] == a.slots[1] {
		a.slots = a.slots[:1]
	}
	for _, paid := range a.slots {
		// A clock that was set back would lock everybody out.
		if paid.Before(now) || paid.Sub(now) > maxWrong*wrongPause {
			*paid = now
		}
		if wait := paid.Sub(now) - (maxWrong-1)*wrongPause; wait > 0 {
			return attempt{}, &TooManyError{After: wait}
		}
	}
	for _, paid := range a.slots {
		*paid = paid.Add(wrongPause)
	}
	return a, nil
}

// undo takes an attempt back that was right, or that came to no comparison.
func (a attempt) undo() {
	a.f.mu.Lock()
	defer a.f.mu.Unlock()
	for _, paid := range a.slots {
		*paid = paid.Add(-wrongPause)
	}
}

// succeeded notes that a person logged in from an address.
func (f *failures) succeeded(name, network string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	both := f.hash("both", name, network)
	f.known[both%knownSlots] = both
}

func (f *failures) hash(kind, a, b string) uint64 {
	return maphash.Comparable(f.seed, [3]string{kind, a, b})
}

// network returns what one attacker has at least: an IPv4 address, or the 64 bits of an IPv6 network.
func network(remote string) string {
	ip, err := netip.ParseAddr(remote)
	if err != nil {
		return remote
	}
	return peer.Of(ip).String()
}
