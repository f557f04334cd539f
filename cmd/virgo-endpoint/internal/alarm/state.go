package alarm

import (
	"encoding/binary"
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// A state is a standing that is not plainly OK, with what is remembered of it.
type state struct {
	watch.Standing
	machine rule.Machine
	// seq is that of the last result that was judged.
	seq int64
	// told is the state that people know of; what a silence holds back counts as told, since its summary tells it.
	told rule.State
	// waits is since when a change to or from SILENT waits to be told, with those of other hosts; zero: none does.
	waits time.Time
	// fleet is the event of many hosts in which its silence was told: a tag, or allHosts; empty: none.
	fleet string
	// opened is when the alarm began that is open, or was last.
	opened time.Time
	// unjudged is true if the last verdict was that a value is missing.
	unjudged bool
	// noted is when value and text were stored last.
	noted time.Time
}

// plain reports whether there is nothing to remember.
func (s *state) plain() bool {
	return s.machine.IsZero() && !s.told.Open() && s.told != rule.Unknown && s.waits.IsZero()
}

// storedVersion begins what the engine stores with a machine.
const storedVersion = 1

var errStored = errors.New("the stored state cannot be read")

// stored returns the form in which the state is stored.
func (s *state) stored() watch.Saved {
	if s.plain() {
		saved := watch.Saved{Standing: s.Standing, Seq: s.seq}
		saved.State = rule.OK
		return saved
	}
	b := []byte{storedVersion, byte(s.told)}
	for _, t := range []time.Time{s.waits, s.opened} {
		ms := int64(0)
		if !t.IsZero() {
			ms = t.UnixMilli()
		}
		b = binary.AppendVarint(b, ms)
	}
	b = binary.AppendUvarint(b, uint64(len(s.fleet)))
	b = append(b, s.fleet...)
	machine, err := s.machine.MarshalBinary()
	if err == nil {
		b = append(b, machine...)
	}
	return watch.Saved{Standing: s.Standing, Seq: s.seq, Machine: b}
}

// restored returns a stored state.
func restored(saved *watch.Saved) (*state, error) {
	s := &state{Standing: saved.Standing, seq: saved.Seq}
	b := saved.Machine
	if len(b) < 2 || b[0] != storedVersion || b[1] > byte(rule.Unknown) {
		return nil, errStored
	}
	s.told, b = rule.State(b[1]), b[2:]
	for _, t := range []*time.Time{&s.waits, &s.opened} {
		ms, n := binary.Varint(b)
		if n <= 0 {
			return nil, errStored
		}
		if b = b[n:]; ms != 0 {
			*t = time.UnixMilli(ms)
		}
	}
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return nil, errStored
	}
	s.fleet, b = string(b[n:n+int(length)]), b[n+int(length):]
	if err := s.machine.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	return s, nil
}

// show takes over into the standing what the machine says, and what was said of it.
func (s *state) show(v *rule.Verdict) {
	m := &s.machine
	s.State, s.Since, s.Flapping = m.State, m.Since, m.Flapping()
	s.Before = rule.OK
	if m.State == rule.Silent && m.Base != rule.Silent {
		s.Before = m.Base
	}
	if v != nil {
		s.Value, s.Threshold, s.Text = v.Value, v.Threshold, v.Text
	}
	if m.State.Open() && s.opened.IsZero() {
		s.opened = m.Since
	}
	s.From = s.opened
}
