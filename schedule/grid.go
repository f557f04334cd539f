package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// maxSlack is the longest time by which a grid point may be satisfied early. It must exceed the
// jitter of the timer: cron starts runs up to three seconds late.
const maxSlack = 10 * time.Second

// slack returns how early a grid point of a check with this period may be satisfied.
func slack(period time.Duration) time.Duration { return min(period/6, maxSlack) }

// Phase returns the offset of the check's due times in its period, in whole seconds. It is derived
// from a SHA-256 of agent and check id.
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

// floor returns the latest grid point that is not after t.
func (g grid) floor(t int64) int64 {
	off := (t - g.phase) % g.period
	if off < 0 {
		off += g.period
	}
	return t - off
}

// next reports whether a check is due at now. If it is, point is the grid point that a run at now
// satisfies, otherwise the next grid point. ran is false for a check that never ran; slot is the
// grid point that its last run satisfied.
func (g grid) next(ran bool, slot, now int64) (point int64, due bool) {
	here := g.floor(now)
	if !ran {
		return here, true
	}
	// After a change of the period the stored point is not on this grid.
	slot = g.floor(slot)
	switch {
	case slot > here+g.period:
		// No run satisfies a point so far ahead: the clock was set back.
		return here, true
	case now+g.slack >= slot+g.period:
		// This one run satisfies all points that were missed in between. here has no slack: with it,
		// the next run would skip the point that is taken early now.
		return max(slot+g.period, here), true
	default:
		return slot + g.period, false
	}
}

// Next returns when a check is due next. The time is not after now if the check is due already.
// While a run has claimed the check, it is the grid point after the one that this run satisfies.
// For a disabled check it is the zero time: never.
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
