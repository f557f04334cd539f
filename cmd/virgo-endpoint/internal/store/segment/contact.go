package segment

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	// MaxChecks bounds the checks of a contact; the one of which nothing came for the longest time makes
	// place for a new one.
	MaxChecks = 512
	// contactVersion is the form of a contact.
	contactVersion = 1
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
	// Checks are the checks of which results came, sorted by id, at most MaxChecks.
	Checks []CheckState
}

// A CheckState is what the results of a check said last.
type CheckState struct {
	ID, Type string
	// Time is that of the latest result that was not late, by the agent's clock; Told when that came, by the
	// endpoint's. In ms.
	Time, Told int64
	// Period is the check's period in ms; 0 if unknown.
	Period int64
	// Available is its state, Refused whether the owner of the host does not allow it.
	Available, Refused bool
	// Late counts the results since that were late.
	Late int64
}

// Of returns the state of a check; nil if there is none.
func (c *Contact) Of(checkID string) *CheckState {
	i, ok := c.find(checkID)
	if !ok {
		return nil
	}
	return &c.Checks[i]
}

func (c *Contact) find(checkID string) (int, bool) {
	return slices.BinarySearchFunc(c.Checks, checkID, func(s CheckState, id string) int { return strings.Compare(s.ID, id) })
}

// Note records a result that is stored for the first time, and when it came.
func (c *Contact) Note(r *intake.Result, received int64) {
	at := r.Time.UnixMilli()
	if c.Results == 0 {
		c.Least, c.Most = at, at
	}
	c.Results++
	c.Least, c.Most = min(c.Least, at), max(c.Most, at)
	i, ok := c.find(r.CheckID)
	if !ok {
		if len(c.Checks) >= MaxChecks {
			c.forgetOldest()
			i, _ = c.find(r.CheckID)
		}
		c.Checks = slices.Insert(c.Checks, i, CheckState{ID: r.CheckID, Type: r.CheckType})
	}
	s := &c.Checks[i]
	if !r.TellsRefused() {
		s.Late++
		return
	}
	s.Type, s.Time, s.Told, s.Late = r.CheckType, at, max(received, s.Told), 0
	s.Available, s.Refused = r.State == "available", r.Refused
	if period, ok := numberIn(r.Params, periodField); ok && period > 0 {
		s.Period = period
	}
}

func (c *Contact) forgetOldest() {
	oldest := 0
	for i := range c.Checks {
		if c.Checks[i].Told < c.Checks[oldest].Told {
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
		if s := &c.Checks[i]; s.Refused && s.Told+intake.RefusedFor.Milliseconds() > c.Seen {
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
)

// The bits of a check's flags.
const (
	checkAvailable = 1 << iota
	checkRefused
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
	b = binary.AppendUvarint(append(b, contactVersion), flags)
	b = binary.AppendVarint(b, c.Seen)
	if h := c.Hello; h != nil {
		for _, text := range [...]string{h.Name, h.ProcessVersion, h.BundleVersion, h.Remote} {
			b = appendText(b, text)
		}
		b = binary.AppendUvarint(b, h.Session)
		if h.ClockOffsetMS != nil {
			b = binary.AppendVarint(b, *h.ClockOffsetMS)
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
		k := &c.Checks[i]
		flags := uint64(0)
		if k.Available {
			flags |= checkAvailable
		}
		if k.Refused {
			flags |= checkRefused
		}
		b = appendText(appendText(binary.AppendUvarint(b, flags), k.ID), k.Type)
		b = binary.AppendVarint(binary.AppendVarint(b, k.Time-c.Seen), k.Told-c.Seen)
		b = binary.AppendVarint(binary.AppendVarint(b, k.Period), k.Late)
	}
	return b
}

// ErrContactVersion is returned for a contact that a newer version of this program wrote.
var ErrContactVersion = errors.New("a newer version of this program wrote what is known of an agent")

// ParseContact is the inverse of AppendContact.
func ParseContact(data []byte) (c Contact, err error) {
	if len(data) == 0 {
		return c, errShort
	}
	if data[0] != contactVersion {
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
	if n > MaxChecks {
		r.fail()
	}
	if r.err == nil && n > 0 {
		c.Checks = make([]CheckState, n, n+1)
	}
	for i := range c.Checks {
		k := &c.Checks[i]
		flags := r.uint()
		k.Available, k.Refused = flags&checkAvailable != 0, flags&checkRefused != 0
		k.ID, k.Type = r.text(), r.text()
		k.Time, k.Told, k.Period, k.Late = r.int()+c.Seen, r.int()+c.Seen, r.int(), r.int()
	}
	if r.err == nil && len(r.data) > 0 {
		r.fail()
	}
	return c, r.err
}
