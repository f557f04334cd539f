package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// maxSlack is the most that a grid point is taken early. It must be more than the jitter of what starts
// the runs: cron takes up to three seconds for it.
const maxSlack = 10 * time.Second

// slack is how early a grid point may be taken.
func slack(period time.Duration) time.Duration { return min(period/6, maxSlack) }

// Phase is the check's offset in its period: whole seconds, from a hash (SHA-256) of agent and check id.
func (c Check) Phase(agent string) time.Duration {
	if c.Period < time.Second {
		return 0
	}
	b := make([]byte, 0, 64)
	b = append(append(append(b, agent...), 0), c.ID...)
	sum := sha256.Sum256(b)
	return time.Duration(binary.BigEndian.Uint64(sum[:8])%uint64(c.Period/time.Second)) * time.Second
}

// A grid is the due times of one check: phase + n × period, in ms since the Unix epoch.
type grid struct{ phase, period, slack int64 }

func (c *Check) grid(agent string) grid {
	period := max(c.Period, MinPeriod)
	return grid{c.Phase(agent).Milliseconds(), period.Milliseconds(), slack(period).Milliseconds()}
}

// floor is the greatest grid point that is not after t.
func (g grid) floor(t int64) int64 {
	off := (t - g.phase) % g.period
	if off < 0 {
		off += g.period
	}
	return t - off
}

// next says whether a check is due at now, and which grid point a run at now satisfies. Where it is not
// due, it gives the grid point that is to come. ran is false for a check that never ran; slot is the grid
// point that its last run satisfied.
func (g grid) next(ran bool, slot, now int64) (point int64, due bool) {
	here := g.floor(now)
	if !ran {
		return here, true
	}
	// After a change of the period the kept point is none of this grid's.
	slot = g.floor(slot)
	switch {
	case slot > here+g.period:
		// No run satisfies a point that far ahead: the clock was set back.
		return here, true
	case now+g.slack >= slot+g.period:
		// Points that were missed in between are all satisfied by this one run. Without slack in here, or
		// the point that is taken early now would be skipped by the next run.
		return max(slot+g.period, here), true
	default:
		return slot + g.period, false
	}
}

// Next is when a check is due next: a moment that is not after now where it is due already. While a
// run has it claimed, that is the grid point after the one which that run satisfies. A disabled check is
// never due: the zero time.
func Next(agent string, c Check, last Last, now time.Time) time.Time {
	if c.Disabled {
		return time.Time{}
	}
	g, ms := c.grid(agent), clampMillis(now)
	point, due := g.next(!last.Slot.IsZero(), clampMillis(last.Slot), ms)
	switch {
	case due && last.claimed(now):
		return time.UnixMilli(point + g.period)
	case due:
		return time.UnixMilli(min(point, ms))
	default:
		return time.UnixMilli(point)
	}
}
