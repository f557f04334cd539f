package schedule

import (
	"fmt"
	"time"
)

// maxClaim bounds a claim's life, whatever its caller says.
const maxClaim = 2 * MaxTimeout

// A Claimed check is this run's alone until its claim dies.
type Claimed struct {
	Check Check
	// Slot is the grid point that this run satisfies.
	Slot time.Time
	// Until is when the claim dies.
	Until time.Time
	// claim is Last.Claim as this run left it.
	claim uint32
}

// claimed says whether a claim is alive. One that was made further ahead of now than it is long was made
// before the clock was set back, and one that is longer than claims are was never made; nobody may wait
// for their end.
func (l Last) claimed(now time.Time) bool {
	if l.ClaimedUntil.IsZero() || !now.Before(l.ClaimedUntil) {
		return false
	}
	life := l.ClaimedUntil.Sub(l.ClaimedAt)
	return life <= maxClaim && l.ClaimedAt.Sub(now) <= life
}

// Claim takes the checks that are due at now and that no other live run has, in the schedule's order,
// and marks them. ttl is how long a check's claim lives: its time limit and what it takes to keep the
// result; it is kept from 1 s to two hours. An error is the Store's.
func Claim(st Store, agent string, s Schedule, now time.Time, ttl func(Check) time.Duration) ([]Claimed, error) {
	var out []Claimed
	ms := clampMillis(now)
	for i := range s.Checks {
		c := &s.Checks[i]
		if c.Disabled {
			continue
		}
		last := ReadLast(st, c.ID)
		if last.claimed(now) {
			continue
		}
		point, due := c.grid(agent).next(!last.Slot.IsZero(), clampMillis(last.Slot), ms)
		if !due {
			continue
		}
		// What is kept has ms: the claim ends in whole ones, or its own run could not tell it.
		last.ClaimedAt = time.UnixMilli(ms)
		last.ClaimedUntil = last.ClaimedAt.Add(max(time.Second, min(ttl(*c), maxClaim)).Truncate(time.Millisecond))
		last.Claim++
		if err := putLast(st, c.ID, last); err != nil {
			return nil, fmt.Errorf("claiming check %q: %w", cut(c.ID, 64), err)
		}
		out = append(out, Claimed{Check: *c, Slot: time.UnixMilli(point), Until: last.ClaimedUntil, claim: last.Claim})
	}
	return out, nil
}

// Finish turns claims into last runs: their checks are due again at the grid point after Slot. ran is
// when the results were kept. A claim that died and that a later run took over is left to that run; one
// whose check is no longer scheduled is let go. An error is the Store's.
func Finish(st Store, done []Claimed, ran time.Time) error {
	return settle(st, done, "finishing", func(c Claimed, last *Last) {
		last.Slot, last.Ran = c.Slot, ran
	})
}

// Release gives claims back as if they had not been made: their checks are due still. An error is the
// Store's.
func Release(st Store, undone []Claimed) error {
	return settle(st, undone, "releasing", func(Claimed, *Last) {})
}

// settle ends the claims that are still this run's own.
func settle(st Store, claims []Claimed, doing string, change func(Claimed, *Last)) error {
	for _, c := range claims {
		last := ReadLast(st, c.Check.ID)
		if last.Claim != c.claim || last.ClaimedUntil.IsZero() {
			continue
		}
		change(c, &last)
		last.ClaimedAt, last.ClaimedUntil = time.Time{}, time.Time{}
		if err := putLast(st, c.Check.ID, last); err != nil {
			return fmt.Errorf("%s check %q: %w", doing, cut(c.Check.ID, 64), err)
		}
	}
	return nil
}
