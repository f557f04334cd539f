package web

import (
	"fmt"
	"html/template"
	"time"
)

// A stamp is a time in the zone of who reads it.
type stamp struct {
	time.Time
	now time.Time
}

// at returns a time as templates show it; a zero time is shown as "–".
func (q *request) at(t time.Time) stamp { return stamp{t.In(q.zone), q.now} }

// timeFuncs are what templates call for times and durations.
func timeFuncs() template.FuncMap {
	return template.FuncMap{
		"machine": stamp.Machine,
		"clock":   stamp.Clock,
		"ago":     stamp.Ago,
		"lasting": stamp.Lasting,
		"span":    span,
	}
}

// Clock is the time of day, with the date unless it is within 20 hours: "14:20", "27 Nov 14:20", "27 Nov 2024".
func (t stamp) Clock() string {
	age := t.now.Sub(t.Time)
	switch {
	case t.IsZero():
		return "–"
	case age.Abs() < 20*time.Hour:
		return t.Format("15:04")
	case age.Abs() < 180*24*time.Hour:
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}

// Ago is how long it is past: "3 min ago".
func (t stamp) Ago() string {
	switch age := t.now.Sub(t.Time); {
	case t.IsZero():
		return "never"
	case age < time.Minute:
		return "just now"
	default:
		return span(age) + " ago"
	}
}

// span is a duration in its largest unit: "40 s", "3 min", "5 h", "12 days".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "–"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/day)
}

// Hour is the time of day.
func (t stamp) Hour() string { return t.Format("15:04") }
