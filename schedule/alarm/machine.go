package alarm

import "time"

const (
	// unknownAfter is how many verdicts without a value make a state Unknown: one alone is a hiccup.
	unknownAfter = 3
	// gapPeriods is how many periods may lie between two verdicts for both to count as one time; a rule of
	// a host without a period has minGap.
	gapPeriods = 3
	minGap     = 3 * time.Minute
)

// A Machine turns verdicts into states. It is a value: what changes it is the verdicts and their times
// alone, so that the same ones lead to the same states whenever they are judged, also in other batches
// and after a restart. The zero value is OK.
//
// It has two layers. The base is what verdicts say, with the times of the rule. Over it lies SILENT
// while the host is silent, and UNKNOWN while values are missing; when they are lifted the base is seen
// again. While the base flaps, the worst state of that time is seen.
type Machine struct {
	// State is what people see, Since the time since when.
	State State
	Since time.Time
	// Base is the state of the last verdicts, whatever lies over it.
	Base      State
	BaseSince time.Time

	// pending is what verdicts say for a while already, and pendingCount how many in succession; 0: none.
	pending      State
	pendingSince time.Time
	pendingCount int
	// last is the time of the last verdict with a value, period that of its check.
	last    time.Time
	period  time.Duration
	missing int
	silent  bool
	flap    flap
}

// A Transition is a change of what people see.
type Transition struct {
	Was, State State
	At         time.Time
	// Flap says whether it begins or ends a time of flapping, Changes how many changes there were in it.
	Flap    FlapChange
	Changes int
}

// Pending returns the state that would follow if verdicts stay as they are, and since when they are; it
// is not ok if none would.
func (m *Machine) Pending() (state State, since time.Time, ok bool) {
	return m.pending, m.pendingSince, m.pendingCount > 0
}

// Flapping reports whether the state is held because it flaps.
func (m *Machine) Flapping() bool { return m.flap.on }

// Step takes a verdict at the time when its result arrived, and returns what changed, in order.
func (m *Machine) Step(r *Rule, v Verdict, at time.Time) []Transition {
	if at.Before(m.last) {
		at = m.last
	}
	changed := m.Tick(r, at)
	m.silent = false
	if v.State == Unknown {
		m.missing = min(m.missing+1, unknownAfter)
		return m.show(changed, at)
	}
	m.missing = 0
	if m.pendingCount > 0 && at.Sub(m.last) > m.gap() {
		m.pendingCount = 0
	}
	m.last, m.period = at, v.Period
	m.flap.forget(at)
	target := v.State
	if target == OK && m.Base != OK && !v.MayClear {
		target = m.Base
	}
	switch {
	case target == m.Base:
		m.pendingCount = 0
	case m.Base != OK && target.Worse(m.Base):
		changed = m.become(changed, target, at)
	default:
		if m.pendingCount == 0 {
			m.pendingSince = at
		}
		m.pending = target
		m.pendingCount = min(m.pendingCount+1, MaxForCount)
		if m.reached(r, at) {
			changed = m.become(changed, target, at)
		}
	}
	return m.show(changed, at)
}

// Silence notes that the host is silent. The next verdict ends that.
func (m *Machine) Silence(r *Rule, at time.Time) []Transition {
	changed := m.Tick(r, at)
	m.silent, m.pendingCount = true, 0
	return m.show(changed, at)
}

// Tick lets time pass: what was pending long enough happens, and flapping ends. Each has the time at which
// it was due, so it makes no difference when Tick is called, or that it is not.
func (m *Machine) Tick(r *Rule, at time.Time) []Transition {
	var changed []Transition
	due, waits := m.pendingDue(r)
	end, flaps := m.flap.end()
	if flaps && !end.After(at) && (!waits || end.Before(due)) {
		changed = m.endFlapping(changed, end)
		flaps = false
	}
	if waits && !due.After(at) {
		changed = m.show(m.become(changed, m.pending, due), due)
	}
	if end, flaps = m.flap.end(); flaps && !end.After(at) {
		changed = m.endFlapping(changed, end)
	}
	return changed
}

// pendingDue returns when the pending state is due though no further verdict comes. A verdict is taken to
// hold for gapPeriods: whoever stops sending is silent, and not in alarm.
func (m *Machine) pendingDue(r *Rule) (due time.Time, waits bool) {
	span := m.span(r)
	if m.pendingCount == 0 || m.silent || span.Time == 0 {
		return time.Time{}, false
	}
	due = m.pendingSince.Add(span.Time)
	return due, !due.After(m.last.Add(m.gap()))
}

func (m *Machine) gap() time.Duration { return max(gapPeriods*m.period, minGap) }

// span returns how long the pending state has to be pending.
func (m *Machine) span(r *Rule) Span {
	if m.Base == OK {
		return r.For
	}
	return r.ClearFor
}

func (m *Machine) reached(r *Rule, at time.Time) bool {
	span := m.span(r)
	if span.Time > 0 {
		return at.Sub(m.pendingSince) >= span.Time
	}
	return m.pendingCount >= span.Count
}

// become changes the base.
func (m *Machine) become(changed []Transition, state State, at time.Time) []Transition {
	was := m.Base
	m.Base, m.BaseSince, m.pendingCount = state, at, 0
	if m.flap.change(was, state, at) {
		t := Transition{Was: m.State, State: m.visible(), At: at, Flap: FlapBegan, Changes: m.flap.count}
		m.see(t.State, at)
		changed = append(changed, t)
	}
	return changed
}

func (m *Machine) endFlapping(changed []Transition, at time.Time) []Transition {
	t := Transition{Was: m.State, At: at, Flap: FlapEnded, Changes: m.flap.count}
	m.flap = flap{}
	t.State = m.visible()
	m.see(t.State, at)
	return append(changed, t)
}

// visible returns what people should see.
func (m *Machine) visible() State {
	switch {
	case m.silent:
		return Silent
	case m.missing >= unknownAfter:
		return Unknown
	case m.flap.on:
		return m.flap.held
	}
	return m.Base
}

func (m *Machine) see(state State, at time.Time) {
	if state == m.State {
		return
	}
	m.State, m.Since = state, at
	if state == m.Base && !m.flap.on && !m.BaseSince.IsZero() {
		m.Since = m.BaseSince
	}
}

// show appends the change of what people see, if there is one.
func (m *Machine) show(changed []Transition, at time.Time) []Transition {
	if state := m.visible(); state != m.State {
		changed = append(changed, Transition{Was: m.State, State: state, At: at})
		m.see(state, at)
	}
	return changed
}
