package main

import (
	"strconv"
	"time"

	"virgo/cmd/internal/term"
)

// The forms of a time for people; it is local.
const (
	momentForm = "2006-01-02 15:04:05"
	zonedForm  = momentForm + " -0700"
)

// moment is a time as a text shows it: local, to the second, with its zone; "never" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format(zonedForm)
}

// A momentColumn is a column of times. Where all have one zone, its head says which; else each does.
type momentColumn struct {
	head string
	// byDay has the day in place of the head where all times are of one.
	byDay bool

	first                  time.Time
	anyTime, zones, others bool // several zones, several days
}

// add takes a time into account.
func (c *momentColumn) add(t time.Time) {
	if t.IsZero() {
		return
	}
	t = t.Local()
	if !c.anyTime {
		c.first, c.anyTime = t, true
	}
	c.zones = c.zones || zoneOf(t) != zoneOf(c.first)
	c.others = c.others || t.Format(time.DateOnly) != c.first.Format(time.DateOnly)
}

// zoneOf is a time's zone, "UTC" or "UTC+02:00".
func zoneOf(t time.Time) string {
	if _, offset := t.Zone(); offset == 0 {
		return "UTC"
	}
	return "UTC" + t.Format("-07:00")
}

// name is the head of the column.
func (c *momentColumn) name() string {
	switch {
	case c.zones || !c.anyTime:
		return c.head
	case c.byDay && !c.others:
		return c.first.Format(time.DateOnly) + " " + zoneOf(c.first)
	}
	return c.head + " (" + zoneOf(c.first) + ")"
}

// text is a time in the column.
func (c *momentColumn) text(t time.Time) string {
	switch {
	case t.IsZero() || c.zones:
		return moment(t)
	case c.byDay && !c.others:
		return t.Local().Format(time.TimeOnly)
	}
	return t.Local().Format(momentForm)
}

// ago is how long before now a time was, as a table shows it.
func ago(t, now time.Time) string {
	switch age := now.Sub(t); {
	case t.IsZero():
		return "never"
	case age < -time.Second:
		return "in " + term.Age((-age).Round(time.Second))
	case age < time.Second:
		return "now"
	default:
		return term.Age(age.Truncate(time.Second)) + " ago"
	}
}

// span is a duration in ms as a table shows it: its two largest units. It does not overflow.
func span(ms int64) string {
	s := ms / 1000
	for _, u := range []struct {
		name, part  string
		whole, less int64
	}{
		{"d", "h", 24 * 3600, 3600},
		{"h", "m", 3600, 60},
		{"m", "s", 60, 1},
	} {
		if s < u.whole {
			continue
		}
		text := strconv.FormatInt(s/u.whole, 10) + u.name
		if rest := s % u.whole / u.less; rest > 0 {
			text += strconv.FormatInt(rest, 10) + u.part
		}
		return text
	}
	if s == 0 {
		return strconv.FormatInt(ms, 10) + "ms"
	}
	return strconv.FormatInt(s, 10) + "s"
}
