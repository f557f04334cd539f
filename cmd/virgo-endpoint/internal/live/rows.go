package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// Rows returns the rows of all hosts that are not removed: those with alarms and silent ones first, the worst first, then by
// name.
func (t *Table) Rows(now time.Time) []Row {
	t.mu.RLock()
	alarms := t.alarms
	rows := make([]Row, 0, len(t.hosts))
	for _, h := range t.hosts {
		if h.known.Who.Removed.IsZero() {
			rows = append(rows, h.row(now))
		}
	}
	t.mu.RUnlock()
	for i := range rows {
		rows[i].mark(alarms)
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

// Row returns the row of a host.
func (t *Table) Row(agentID string, now time.Time) (Row, bool) {
	t.mu.RLock()
	h, alarms := t.byID[agentID], t.alarms
	if h == nil {
		t.mu.RUnlock()
		return Row{}, false
	}
	r := h.row(now)
	t.mu.RUnlock()
	r.mark(alarms)
	return r, true
}

// RowsOf returns the rows of hosts by their numbers, in any order; those that are gone or removed are not among them.
func (t *Table) RowsOf(agents []intake.AgentNumber, now time.Time) []Row {
	t.mu.RLock()
	alarms := t.alarms
	rows := make([]Row, 0, len(agents))
	for _, agent := range agents {
		if h := t.hosts[agent]; h != nil && h.known.Who.Removed.IsZero() {
			rows = append(rows, h.row(now))
		}
	}
	t.mu.RUnlock()
	for i := range rows {
		rows[i].mark(alarms)
	}
	return rows
}

func compareRows(a, b Row) int {
	if a.State != b.State {
		if a.State.Worse(b.State) {
			return -1
		}
		return 1
	}
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}

// mark adds the alarms of the host.
func (r *Row) mark(alarms Alarms) {
	if alarms != nil {
		r.Alarms = alarms.Marks(r.Agent)
	}
	for i := range r.Alarms {
		m := &r.Alarms[i]
		if m.State.Worse(r.State) {
			r.State, r.Since = m.State, m.Since
		}
	}
}

// row is the host's row without its alarms. The lock is held.
func (h *host) row(now time.Time) Row {
	judged := h.judge(now)
	r := Row{Agent: h.number, ID: h.known.ID, Name: watch.HostName(h.known.ID, h.known.Name), Tags: h.known.Who.Tags, Health: judged.Health,
		Problems: judged.Problems, LastSeen: h.known.LastSeen, Figures: h.figures()}
	if judged.Waiting != nil {
		r.Waiting = Count{true, *judged.Waiting}
	}
	oldest := h.oldestWaiting()
	r.WaitingFor = oldest
	if judged.Health == report.Silent {
		r.State, r.Stale = alarm.Silent, true
		r.Since = h.known.LastSeen.Add(time.Duration(*judged.PeriodMS) * time.Millisecond)
		away := now.Sub(h.known.LastSeen)
		if h.mayWait() {
			r.WaitingFor = away + oldest
			r.Situation = fmt.Sprintf("silent; %s of results may be waiting there", Span(r.WaitingFor))
		} else {
			r.Situation = "down, or off the network"
		}
	}
	return r
}

// mayWait reports whether there is a sign that the host works and does not get through: it delivered late before, or results
// waited there when it was heard last.
func (h *host) mayWait() bool {
	return h.wasLate || h.oldestWaiting() > 0
}

// judge says what is wrong with the host. The lock is held.
func (h *host) judge(now time.Time) report.Agent {
	known := h.known
	known.Checks = make([]intake.CheckState, len(h.checks))
	for i := range h.checks {
		known.Checks[i] = h.checks[i].latest(known.ID)
	}
	return report.AgentOf(&known, now)
}

// view is the host as others see it. The lock is held.
func (h *host) view(now time.Time) Host {
	judged := h.judge(now)
	v := Host{Agent: h.number, ID: h.known.ID, Name: h.known.Name, Group: h.known.Who.Group, Tags: h.known.Who.Tags,
		FirstSeen: h.known.FirstSeen, LastSeen: h.known.LastSeen, Bundles: strings.HasPrefix(h.known.Remote, "bundle "),
		Warnings: len(judged.Warnings), Health: judged.Health, CPUs: h.cpus()}
	if judged.PeriodMS != nil {
		v.Period = time.Duration(*judged.PeriodMS) * time.Millisecond
	}
	if judged.Waiting != nil {
		v.Waiting = Count{true, *judged.Waiting}
	}
	if ms := h.known.ClockOffsetMS; ms != nil {
		offset := time.Duration(*ms) * time.Millisecond
		v.ClockOffset = &offset
	}
	return v
}

// Span is a time as people say it, in its largest unit: "45 s", "3 min", "2 h", "5 d".
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/day)
}
