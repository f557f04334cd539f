package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// The forms of a contact. One with the state of a bundle has the second form, so that an earlier version of this
// program, which would take it for damaged, says instead that a newer one wrote it.
const (
	contactVersion       = 1
	contactWithBundle    = 2
	latestContactVersion = contactWithBundle
)

// A Contact is what is known of an agent at the end of a segment, or now in the open one. An agent's first
// contact of a segment continues the last one of the segments before, but for the fields that say "here".
// It is stored with the results, in the same transaction.
type Contact struct {
	// Seen is the latest time that the agent was seen, by the endpoint's clock in ms; 0 if never.
	Seen int64
	// Hello is its last hello, nil if it sent none. Its Session is the greatest one so far.
	Hello *intake.Hello
	// Registration is the number of the key that Sessions is about.
	Registration int64
	Sessions     intake.Sessions
	// Highest is the highest order of all its results' ids, at most; HasHighest is false if it has none
	// that package receipt can parse.
	Highest    uint64
	HasHighest bool
	// Results is how many results of it are here, Least and Most the times of the earliest and the latest
	// of these, in ms.
	Results     int64
	Least, Most int64
	// Checks are the checks of which results came, sorted by id, at most intake.MaxChecks: the one of which
	// nothing came for the longest time makes place for a new one.
	Checks []Check
}

// A Check is what the results of a check said.
type Check struct {
	// CheckState has no AgentID, as agents can be renamed.
	intake.CheckState
	// RefusedAt is when the last result that was not late came, in ms by the endpoint's clock, if that says that
	// the owner of the host does not allow the check; otherwise 0.
	RefusedAt int64
}

func (c *Contact) find(checkID string) (int, bool) {
	return slices.BinarySearchFunc(c.Checks, checkID, func(s Check, id string) int { return strings.Compare(s.CheckID, id) })
}

// Note records a result that is stored for the first time. Its Received is set.
func (c *Contact) Note(r *intake.Result) {
	at := r.Time.UnixMilli()
	if c.Results == 0 {
		c.Least, c.Most = at, at
	}
	c.Results++
	c.Least, c.Most = min(c.Least, at), max(c.Most, at)
	state := stateOf(r)
	i, known := c.find(r.CheckID)
	if !known {
		if len(c.Checks) >= intake.MaxChecks {
			c.forgetOldest()
			i, _ = c.find(r.CheckID)
		}
		c.Checks = slices.Insert(c.Checks, i, Check{CheckState: state})
	}
	k := &c.Checks[i]
	if known && state.Replaces(&k.CheckState) {
		k.CheckState = state
	}
	switch {
	case !r.TellsRefused():
	case r.Refused:
		k.RefusedAt = r.Received.UnixMilli()
	default:
		k.RefusedAt = 0
	}
}

// stateOf is intake.StateOf, without reading JSON where the params have the usual form.
func stateOf(r *intake.Result) intake.CheckState {
	period, ok := numberIn(r.Params, periodField)
	if !ok && bytes.Contains(r.Params, []byte("min_check_period")) || r.CheckType == selfCheck {
		return intake.StateOf("", r)
	}
	s := intake.CheckState{CheckID: r.CheckID, CheckType: r.CheckType, State: r.State, Refused: r.Refused, Late: r.Late,
		Time: r.Time, Received: r.Received}
	if period > 0 {
		s.Period = time.Duration(min(period, maxPeriodMS)) * time.Millisecond
	}
	return s
}

const (
	// selfCheck is the check type whose states say more than the fields of a result.
	selfCheck = "agent.virgo"
	// maxPeriodMS bounds a period as intake.StateOf does.
	maxPeriodMS = 366 * 24 * 3600 * 1000
)

func (c *Contact) forgetOldest() {
	oldest := 0
	for i := range c.Checks {
		if c.Checks[i].Received.Before(c.Checks[oldest].Received) {
			oldest = i
		}
	}
	c.Checks = slices.Delete(c.Checks, oldest, oldest+1)
}

// RefusedChecks is the number of its checks that the owner of the host refuses at present; see
// [intake.Agent].
func (c *Contact) RefusedChecks() int64 {
	n := int64(0)
	for i := range c.Checks {
		if at := c.Checks[i].RefusedAt; at != 0 && at+intake.RefusedFor.Milliseconds() > c.Seen {
			n++
		}
	}
	return n
}

// Continue returns the contact with which an agent begins in another segment.
func (c *Contact) Continue() Contact {
	next := *c
	next.Results, next.Least, next.Most = 0, 0, 0
	next.Checks = slices.Clone(c.Checks)
	return next
}

// The bits of a contact's flags.
const (
	contactHello = 1 << iota
	contactOffset
	contactHighest
	contactBundleState
)

// The bits of a check's flags.
const (
	checkAvailable = 1 << iota
	checkRefused
	checkLate
	checkWaiting
	checkRefusedAt
)

// AppendContact appends the stored form of a contact.
func AppendContact(b []byte, c *Contact) []byte {
	flags := uint64(0)
	if c.Hello != nil {
		flags |= contactHello
		if c.Hello.ClockOffsetMS != nil {
			flags |= contactOffset
		}
	}
	if c.HasHighest {
		flags |= contactHighest
	}
	version := byte(contactVersion)
	if c.Hello != nil && c.Hello.BundleState != "" {
		version, flags = contactWithBundle, flags|contactBundleState
	}
	b = binary.AppendUvarint(append(b, version), flags)
	b = binary.AppendVarint(b, c.Seen)
	if h := c.Hello; h != nil {
		for _, text := range [...]string{h.Name, h.ProcessVersion, h.BundleVersion, h.Remote} {
			b = appendText(b, text)
		}
		b = binary.AppendUvarint(b, h.Session)
		if h.ClockOffsetMS != nil {
			b = binary.AppendVarint(b, *h.ClockOffsetMS)
		}
		if h.BundleState != "" {
			for _, text := range [...]string{h.BundleState, h.BundleName, h.BundleChannel} {
				b = appendText(b, text)
			}
		}
	}
	b = binary.AppendVarint(b, c.Registration)
	s := &c.Sessions
	b = binary.AppendUvarint(b, s.Last)
	b = appendText(b, s.From)
	b = binary.AppendVarint(binary.AppendVarint(b, s.Falls), s.Elsewhere)
	if s.Elsewhere != 0 {
		b = binary.AppendVarint(b, s.ElsewhereAt.UnixMilli())
		b = appendText(appendText(b, s.ElsewhereFrom[0]), s.ElsewhereFrom[1])
	}
	if c.HasHighest {
		b = binary.AppendUvarint(b, c.Highest)
	}
	b = binary.AppendVarint(b, c.Results)
	b = binary.AppendVarint(binary.AppendVarint(b, c.Least), c.Most-c.Least)
	b = binary.AppendUvarint(b, uint64(len(c.Checks)))
	for i := range c.Checks {
		b = appendCheck(b, &c.Checks[i], c.Seen)
	}
	return b
}

func appendCheck(b []byte, k *Check, seen int64) []byte {
	flags := uint64(0)
	for _, f := range [...]struct {
		set bool
		bit uint64
	}{{k.State == available, checkAvailable}, {k.Refused, checkRefused}, {k.Late, checkLate},
		{k.Waiting != nil, checkWaiting}, {k.RefusedAt != 0, checkRefusedAt}} {
		if f.set {
			flags |= f.bit
		}
	}
	b = appendText(appendText(binary.AppendUvarint(b, flags), k.CheckID), k.CheckType)
	received := k.Received.UnixMilli()
	b = binary.AppendVarint(binary.AppendVarint(b, received-seen), k.Time.UnixMilli()-received)
	b = binary.AppendVarint(b, int64(k.Period/time.Millisecond))
	if k.Waiting != nil {
		b = binary.AppendVarint(b, *k.Waiting)
	}
	if k.RefusedAt != 0 {
		b = binary.AppendVarint(b, k.RefusedAt-received)
	}
	return b
}

func (r *reader) check(seen int64) (k Check) {
	flags := r.uint()
	k.State = unavailable
	if flags&checkAvailable != 0 {
		k.State = available
	}
	k.Refused, k.Late = flags&checkRefused != 0, flags&checkLate != 0
	k.CheckID, k.CheckType = r.text(), r.text()
	received := seen + r.int()
	k.Received, k.Time = time.UnixMilli(received), time.UnixMilli(received+r.int())
	k.Period = time.Duration(r.int()) * time.Millisecond
	if flags&checkWaiting != 0 {
		n := r.int()
		k.Waiting = &n
	}
	if flags&checkRefusedAt != 0 {
		k.RefusedAt = received + r.int()
	}
	return k
}

// The states of a result.
const available, unavailable = "available", "unavailable"

// ErrContactVersion is returned for a contact that a newer version of this program wrote.
var ErrContactVersion = errors.New("a newer version of this program wrote what is known of an agent")

// ParseContact is the inverse of AppendContact.
func ParseContact(data []byte) (c Contact, err error) {
	if len(data) == 0 {
		return c, errShort
	}
	if data[0] < contactVersion || data[0] > latestContactVersion {
		return c, ErrContactVersion
	}
	r := reader{data: data[1:]}
	flags := r.uint()
	c.Seen = r.int()
	if flags&contactHello != 0 {
		h := &intake.Hello{Name: r.text(), ProcessVersion: r.text(), BundleVersion: r.text(), Remote: r.text(), Session: r.uint()}
		if flags&contactOffset != 0 {
			offset := r.int()
			h.ClockOffsetMS = &offset
		}
		if flags&contactBundleState != 0 {
			h.BundleState, h.BundleName, h.BundleChannel = r.text(), r.text(), r.text()
		}
		c.Hello = h
	}
	c.Registration = r.int()
	s := &c.Sessions
	s.Last, s.From, s.Falls, s.Elsewhere = r.uint(), r.text(), r.int(), r.int()
	if s.Elsewhere != 0 {
		s.ElsewhereAt = time.UnixMilli(r.int())
		s.ElsewhereFrom = [2]string{r.text(), r.text()}
	}
	if flags&contactHighest != 0 {
		c.Highest, c.HasHighest = r.uint(), true
	}
	c.Results, c.Least = r.int(), r.int()
	c.Most = c.Least + r.int()
	n := r.uint()
	if n > intake.MaxChecks {
		r.fail()
	}
	if r.err == nil && n > 0 {
		c.Checks = make([]Check, n, n+1)
	}
	for i := range c.Checks {
		c.Checks[i] = r.check(c.Seen)
	}
	if r.err == nil && len(r.data) > 0 {
		r.fail()
	}
	return c, r.err
}
