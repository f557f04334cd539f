package alarm

import (
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// MaxSilenceLength bounds one occurrence of a recurring silence.
const MaxSilenceLength = 7 * 24 * time.Hour

// A Span is a time from From to before Until; a zero Until is open.
type Span struct{ From, Until time.Time }

func (s Span) has(t time.Time) bool {
	return !t.Before(s.From) && (s.Until.IsZero() || t.Before(s.Until))
}

// Active returns the span in which a silence holds notifications back at a time, and false if it does not.
func Active(s *watch.Silence, at time.Time) (Span, bool) {
	if !s.Ended.IsZero() && !at.Before(s.Ended) || !(Span{s.From, s.Until}).has(at) {
		return Span{}, false
	}
	if s.Kind == watch.OneTime {
		return Span{s.From, s.Until}, true
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.Length <= 0 || s.Length > MaxSilenceLength {
		return Span{}, false
	}
	local := at.In(zone)
	year, month, day := local.Date()
	for back := 0; back <= int(s.Length/(24*time.Hour))+1; back++ {
		if occurrence, ok := occurrenceOn(s, year, month, day-back, zone); ok && occurrence.has(at) {
			return within(s, occurrence), true
		}
	}
	return Span{}, false
}

// within is the part of an occurrence that a silence's own bounds leave.
func within(s *watch.Silence, occurrence Span) Span {
	if s.From.After(occurrence.From) {
		occurrence.From = s.From
	}
	if !s.Until.IsZero() && s.Until.Before(occurrence.Until) {
		occurrence.Until = s.Until
	}
	return occurrence
}

// Next returns the next occurrence of a recurring silence that begins after a time, and false if there is none.
func Next(s *watch.Silence, after time.Time) (Span, bool) {
	zone, err := time.LoadLocation(s.Zone)
	if s.Kind == watch.OneTime || err != nil || !s.Ended.IsZero() || s.Length <= 0 || s.Length > MaxSilenceLength {
		return Span{}, false
	}
	if s.From.After(after) {
		after = s.From
	}
	year, month, day := after.In(zone).Date()
	for on := range 8 {
		occurrence, ok := occurrenceOn(s, year, month, day+on, zone)
		if ok && occurrence.From.After(after) && (s.Until.IsZero() || occurrence.From.Before(s.Until)) {
			return occurrence, true
		}
	}
	return Span{}, false
}

// occurrenceOn is that of a recurring silence which begins on a day, by the clocks of its zone: it ends when they show the
// end, so that quiet hours until six end at six, in whichever night. A begin that the clocks leave out is when they go on; what
// begins so has its whole length.
func occurrenceOn(s *watch.Silence, year int, month time.Month, day int, zone *time.Location) (Span, bool) {
	weekday := (int(time.Date(year, month, day, 12, 0, 0, 0, time.UTC).Weekday()) + 6) % 7 // Monday is 0
	if s.Days != 0 && s.Days&(1<<weekday) == 0 {
		return Span{}, false
	}
	from, exact := wallClock(year, month, day, s.Start, zone)
	until, _ := wallClock(year, month, day, s.Start+int(s.Length/time.Minute), zone)
	if !exact && until.Sub(from) < s.Length {
		until = from.Add(s.Length)
	}
	return Span{from, until}, until.After(from)
}

// wallClock returns when the clocks of a zone first show so many minutes after midnight of a day. It is not exact where they
// never do: then it is when they go on behind that.
func wallClock(year int, month time.Month, day, minutes int, zone *time.Location) (at time.Time, exact bool) {
	wanted := time.Date(year, month, day, 0, minutes, 0, 0, time.UTC)
	at = time.Date(year, month, day, 0, minutes, 0, 0, zone)
	begin, end := at.ZoneBounds()
	switch shown := shownBy(at); {
	case shown.After(wanted): // time.Date chose the zone behind the gap
		return begin, false
	case shown.Before(wanted):
		return end, false
	}
	if begin.IsZero() {
		return at, true
	}
	// The hour may come twice: the first one counts.
	_, now := at.Zone()
	_, before := begin.Add(-time.Second).Zone()
	if first := at.Add(time.Duration(now-before) * time.Second); first.Before(begin) && shownBy(first).Equal(wanted) {
		return first, true
	}
	return at, true
}

// shownBy is what clocks show at a time, as if it were UTC.
func shownBy(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}
