package alarm

import (
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The two nights of 2026 in which the clocks of Berlin change, with quiet hours and with windows in the hour that is left
// out or comes twice.
func TestOccurrencesWhereClocksChange(t *testing.T) {
	for _, c := range []struct {
		name, day   string
		start       int
		length      time.Duration
		from, until string
	}{
		{"a usual night", "2026-03-10", 22 * 60, 8 * time.Hour, "2026-03-10T22:00:00+01:00", "2026-03-11T06:00:00+01:00"},
		{"quiet until six, an hour shorter", "2026-03-28", 22 * 60, 8 * time.Hour, "2026-03-28T22:00:00+01:00", "2026-03-29T06:00:00+02:00"},
		{"quiet until six, an hour longer", "2026-10-24", 22 * 60, 8 * time.Hour, "2026-10-24T22:00:00+02:00", "2026-10-25T06:00:00+01:00"},
		{"a begin that is left out", "2026-03-29", 2*60 + 30, time.Hour, "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"},
		{"left out as a whole", "2026-03-29", 2*60 + 10, 20 * time.Minute, "2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00"},
		{"a begin that comes twice", "2026-10-25", 2*60 + 30, time.Hour, "2026-10-25T02:30:00+02:00", "2026-10-25T03:30:00+01:00"},
		{"two days", "2026-03-28", 0, 48 * time.Hour, "2026-03-28T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			day := at(t, c.day+"T12:00:00Z")
			s := watch.Silence{Kind: watch.Quiet, Start: c.start, Length: c.length, Zone: "Europe/Berlin",
				Days: 1 << ((int(day.Weekday()) + 6) % 7), From: day.AddDate(0, 0, -3), Until: day.AddDate(0, 0, 4)}
			want := Span{at(t, c.from), at(t, c.until)}
			for _, one := range []struct {
				at     time.Time
				active bool
			}{{want.From.Add(-time.Second), false}, {want.From, true}, {want.Until.Add(-time.Second), true}, {want.Until, false}} {
				got, ok := Active(&s, one.at)
				if ok != one.active {
					t.Errorf("at %v it is active: %v", one.at.In(want.From.Location()), ok)
				}
				if ok && (!got.From.Equal(want.From) || !got.Until.Equal(want.Until)) {
					t.Errorf("at %v it lasts from %v to %v", one.at, got.From, got.Until)
				}
			}
			next, ok := Next(&s, want.From.Add(-time.Hour))
			if !ok || !next.From.Equal(want.From) || !next.Until.Equal(want.Until) {
				t.Errorf("the next one is %v, %v", next, ok)
			}
		})
	}
}

func TestActiveKeepsItsBounds(t *testing.T) {
	from, until := at(t, "2026-05-04T10:00:00Z"), at(t, "2026-05-04T12:00:00Z")
	one := watch.Silence{Kind: watch.OneTime, From: from, Until: until}
	daily := watch.Silence{Kind: watch.Maintenance, From: from, Until: until, Start: 0, Length: 24 * time.Hour, Zone: "UTC"}
	for _, s := range []*watch.Silence{&one, &daily} {
		for moment, want := range map[time.Time]bool{from.Add(-1): false, from: true, until.Add(-1): true, until: false} {
			if _, ok := Active(s, moment); ok != want {
				t.Errorf("%s at %v: active is %v", s.Kind, moment, ok)
			}
		}
		if span, _ := Active(s, from); !span.Until.Equal(until) {
			t.Errorf("%s ends at %v", s.Kind, span.Until)
		}
		s.Ended = from.Add(time.Hour)
		if _, ok := Active(s, s.Ended); ok {
			t.Errorf("%s goes on after it was ended", s.Kind)
		}
	}
	wrong := watch.Silence{Kind: watch.Quiet, From: from, Zone: "Nowhere/Else", Length: time.Hour}
	if _, ok := Active(&wrong, from.Add(time.Minute)); ok {
		t.Error("a zone that nobody knows holds notifications back")
	}
}
