package schedule

import (
	"fmt"
	"time"

	"virgo/schedule/shorttext"
)

// maxClaim is the longest lifetime of a claim, whatever the caller requests.
const maxClaim = 2 * MaxTimeout

// A Claimed check belongs to this run alone until its claim expires.
type Claimed struct {
	Check Check
	// Slot is the due time that this run satisfies.
	Slot time.Time
	// Until is when the claim expires.
	Until time.Time
	// claim is the Last.Claim that this run stored.
	claim uint32
}

// claimed reports whether a claim is stored that has not expired. Two kinds of claims do not count,
// because the check would not run until they expire: one that starts further in the future than its
// length, which was made before the clock was set back, and one longer than maxClaim, which no run
// makes.
func (l Last) claimed(now time.Time) bool {
	if l.ClaimedUntil.IsZero() || !now.Before(l.ClaimedUntil) {
		return false
	}
	life := l.ClaimedUntil.Sub(l.ClaimedAt)
	return life <= maxClaim && l.ClaimedAt.Sub(now) <= life
}

// Claim claims the checks that are due at now and not claimed by another run, in the order of the
// schedule, and stores the claims. ttl returns the lifetime of a check's claim, which is clamped to
// 1 s to 2 h; it should cover the check's time limit and the time to store the result. Errors are
// the Store's.
func Claim(st Store, agent string, s Schedule, now time.Time, ttl func(Check) time.Duration) ([]Claimed, error) {
	return claimChecks(st, agent, s, now, ttl, false)
}

// ClaimAll is Claim for all checks that are not disabled, due or not. A check that was not due is
// due again when it would have been without this run.
func ClaimAll(st Store, agent string, s Schedule, now time.Time, ttl func(Check) time.Duration) ([]Claimed, error) {
	return claimChecks(st, agent, s, now, ttl, true)
}

func claimChecks(
	st Store, agent string, s Schedule, now time.Time, ttl func(Check) time.Duration, all bool,
) ([]Claimed, error) {
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
		g := c.grid(agent)
		point, due := g.next(!last.Slot.IsZero(), clampMillis(last.Slot), ms)
		switch {
		case !due && !all:
			continue
		case !due:
			point -= g.period // the one that the last run satisfied
		}
		// Stored times have whole ms: with a fraction in ClaimedUntil, Until would differ from it.
		last.ClaimedAt = time.UnixMilli(ms)
		life := max(time.Second, min(ttl(*c), maxClaim)).Truncate(time.Millisecond)
		last.ClaimedUntil = last.ClaimedAt.Add(life)
		last.Claim++
		if err := putLast(st, c.ID, last); err != nil {
			return nil, fmt.Errorf("claiming check %q: %w", shorttext.Truncate(c.ID, 64), err)
		}
		out = append(out, Claimed{
			Check: *c, Slot: time.UnixMilli(point), Until: last.ClaimedUntil, claim: last.Claim,
		})
	}
	return out, nil
}

// Finish turns claims into last runs: their checks are due again at the first due time after Slot.
// ran is when the results were stored. It ignores a claim that a later run took over after it
// expired, and the claim of a check whose state was pruned meanwhile. Errors are the Store's.
func Finish(st Store, done []Claimed, ran time.Time) error {
	return end(st, done, "finishing", func(c Claimed, last *Last) {
		last.Slot, last.Ran = c.Slot, ran
	})
}

// Release withdraws claims, so that their checks are still due. Errors are the Store's.
func Release(st Store, undone []Claimed) error {
	return end(st, undone, "releasing", func(Claimed, *Last) {})
}

// end applies change to the claims that still belong to this run.
func end(st Store, claims []Claimed, doing string, change func(Claimed, *Last)) error {
	for _, c := range claims {
		last := ReadLast(st, c.Check.ID)
		if last.Claim != c.claim || last.ClaimedUntil.IsZero() {
			continue
		}
		change(c, &last)
		last.ClaimedAt, last.ClaimedUntil = time.Time{}, time.Time{}
		if err := putLast(st, c.Check.ID, last); err != nil {
			return fmt.Errorf("%s check %q: %w", doing, shorttext.Truncate(c.Check.ID, 64), err)
		}
	}
	return nil
}
