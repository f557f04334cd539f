package live

import (
	"context"
	"slices"
	"time"
	"unique"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
)

const (
	// refreshEvery is how often the table reads who the hosts are; less often where that takes long (refreshShare).
	refreshEvery = 10 * time.Second
	refreshShare = 100
)

// Run reads the latest results of all hosts and then keeps up with who they are, until ctx is done. Results come through
// Take: a feed that begins where the store stood before Run misses none.
func (t *Table) Run(ctx context.Context) error {
	wait := time.Duration(0)
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-t.wanted:
			timer.Stop()
		}
		begun := time.Now()
		err := t.Refresh(ctx)
		if err == nil && !t.Loaded() {
			err = t.Load(ctx)
		}
		// An error is one of the store, which says so itself; the rows stay as they are.
		wait = max(refreshEvery, refreshShare*time.Since(begun))
		if err == nil {
			t.lookBack(ctx, t.noticeTime(t.now()))
		}
	}
}

// refreshSoon asks Run to refresh.
func (t *Table) refreshSoon() {
	select {
	case t.wanted <- struct{}{}:
	default:
	}
}

// Refresh reads who the hosts are, at once: after an agent was tagged, renamed or removed.
func (t *Table) Refresh(ctx context.Context) error {
	agents, err := t.src.Agents(ctx, "")
	if err != nil {
		return err
	}
	t.mu.Lock()
	var changed []intake.AgentNumber
	there := make(map[intake.AgentNumber]bool, len(agents))
	for i := range agents {
		a := &agents[i]
		there[a.Number] = true
		h := t.hosts[a.Number]
		if h == nil {
			h = &host{number: a.Number, known: intake.Agent{ID: a.ID}}
			t.add(h)
		}
		if t.refresh(h, a) {
			changed = append(changed, a.Number)
		}
	}
	for number, h := range t.hosts {
		if !there[number] {
			t.drop(h)
			changed = append(changed, number)
		}
	}
	t.mu.Unlock()
	t.subscribers.notify(changed...)
	return nil
}

// refresh takes over what the store says of a host, and reports whether its row may differ by that. The lock is held.
func (t *Table) refresh(h *host, a *intake.Agent) (changed bool) {
	if h.known.ID != a.ID {
		if t.byID[h.known.ID] == h {
			delete(t.byID, h.known.ID)
		}
		t.byID[a.ID] = h
	}
	before := &h.known
	changed = before.ID != a.ID || before.Name != a.Name || !before.LastSeen.Equal(a.LastSeen) ||
		!slices.Equal(before.Who.Tags, a.Who.Tags) || !before.Who.Revoked.Equal(a.Who.Revoked) ||
		!before.Who.Removed.Equal(a.Who.Removed) || before.Number != a.Number || len(h.checks) != len(a.Checks)
	lastSeen := before.LastSeen
	checks := a.Checks
	h.known = *a
	h.known.Checks = nil
	if lastSeen.After(a.LastSeen) {
		h.known.LastSeen = lastSeen // a result that was taken since the store was asked
	}
	// A check that is no longer in the schedule is not there any more. One whose result came since the store was asked is.
	h.checks = slices.DeleteFunc(h.checks, func(c check) bool {
		gone := c.came < a.LastSeen.UnixMilli() && !slices.ContainsFunc(checks, func(s intake.CheckState) bool { return s.CheckID == c.id.Value() })
		if gone {
			h.series -= len(c.values)
		}
		return gone
	})
	for i := range checks {
		s := &checks[i]
		h.wasLate = h.wasLate || s.Late
		place, found := h.find(s.CheckID)
		if !found && len(h.checks) < intake.MaxChecks {
			c := check{id: unique.Make(s.CheckID), rate: -1}
			made := intake.Result{Time: s.Time, Received: s.Received, ClockOffsetMS: a.ClockOffsetMS}
			c.setState(s, made.PlaceInTime(), 0)
			h.checks = slices.Insert(h.checks, place, c)
		}
	}
	return changed
}

// noticeTime tells subscribers which hosts became late or silent by time alone. It returns those that are silent now.
func (t *Table) noticeTime(now time.Time) (silent []intake.AgentNumber) {
	t.mu.Lock()
	var changed []intake.AgentNumber
	for number, h := range t.hosts {
		health := h.judge(now).Health
		if health == h.health {
			continue
		}
		h.health = health
		changed = append(changed, number)
		if health == report.Silent && !h.wasLate {
			silent = append(silent, number)
		}
	}
	t.mu.Unlock()
	t.subscribers.notify(changed...)
	return silent
}

// lookedBack is how long before a host became silent results that came late are looked for.
const lookedBack = 7 * 24 * time.Hour

// A lateSource knows which results came late; a store does.
type lateSource interface {
	Late(ctx context.Context, agentID, checkID string, from, to time.Time) ([]intake.LateSpan, error)
}

// lookBack finds out which of the hosts delivered late before: results may be waiting there. Where that cannot be read, nothing
// is said.
func (t *Table) lookBack(ctx context.Context, silent []intake.AgentNumber) {
	src, ok := t.src.(lateSource)
	for _, number := range silent {
		h, known := t.Host(number, t.now())
		if !ok || !known || ctx.Err() != nil {
			continue
		}
		spans, err := src.Late(ctx, h.ID, "", h.LastSeen.Add(-lookedBack), h.LastSeen.Add(time.Second))
		if err != nil || len(spans) == 0 {
			continue
		}
		t.mu.Lock()
		if h := t.hosts[number]; h != nil {
			h.wasLate = true
		}
		t.mu.Unlock()
		t.subscribers.notify(number)
	}
}
