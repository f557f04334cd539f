package web

import (
	"net/http"
	"net/url"
	"time"

	"virgo/cmd/virgo-endpoint/internal/chart"
)

// A hostSpan is the span of time that a page shows. It is in the address: a range up to now by its name, or from and to.
type hostSpan struct {
	From, To time.Time
	// Range is the name of the range; empty for a span with a fixed end.
	Range string
	// Title is the span for people.
	Title string
	// Choices are the ranges.
	Choices []choice
	// Earlier, Later and Wider are addresses; Later is empty for what ends now.
	Earlier, Later, Wider string
}

// A choice is one of several links.
type choice struct {
	// Brief is for narrow screens.
	Text, Brief, Address string
	Current              bool
}

// spanOf reads the span of a request's address.
func spanOf(q *request) (hostSpan, error) {
	form := q.URL.Query()
	var s hostSpan
	switch from, to := form.Get("from"), form.Get("to"); {
	case from != "" && to != "":
		var err1, err2 error
		s.From, err1 = time.Parse(time.RFC3339, from)
		s.To, err2 = time.Parse(time.RFC3339, to)
		if err1 != nil || err2 != nil {
			return s, badSpan("from and to are times such as 2026-11-29T14:00:00Z.")
		}
	default:
		s.Range = form.Get("range")
		if s.Range == "" {
			s.Range = chart.DefaultRange
		}
		r, ok := chart.RangeOf(s.Range)
		if !ok {
			return s, badSpan("There is no range of that name.")
		}
		s.From, s.To = q.now.Add(-r.Span), q.now
	}
	length := s.To.Sub(s.From)
	if length <= 0 || length > chart.MaxSpan {
		return s, badSpan("The end has to be after the begin, and at most two years after it.")
	}
	s.Title = q.period(s.From, s.To)
	for _, r := range chart.Ranges() {
		s.Choices = append(s.Choices, choice{r.Title, r.Name, spanAddress(form, "range", r.Name), r.Name == s.Range})
	}
	between := func(from, to time.Time) string {
		if to.After(q.now) {
			from, to = from.Add(q.now.Sub(to)), q.now
		}
		return spanAddress(form, "from", from.UTC().Format(time.RFC3339), "to", to.UTC().Format(time.RFC3339))
	}
	s.Earlier = between(s.From.Add(-length/2), s.To.Add(-length/2))
	if s.Range == "" && s.To.Before(q.now.Add(-time.Minute)) {
		s.Later = between(s.From.Add(length/2), s.To.Add(length/2))
	}
	if wide := 2 * length; wide < chart.MaxSpan {
		s.Wider = between(s.From.Add(-length/2), s.To.Add(length/2))
	}
	return s, nil
}

// Hidden are the names and values of the span for a form that goes to the same span.
func (s *hostSpan) Hidden() [][2]string {
	var list [][2]string
	pairs := s.pairs()
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, [2]string{pairs[i], pairs[i+1]})
	}
	return list
}

// pairs are the names and values of the span in an address.
func (s *hostSpan) pairs() []string {
	if s.Range != "" {
		return []string{"range", s.Range}
	}
	return []string{"from", s.From.UTC().Format(time.RFC3339), "to", s.To.UTC().Format(time.RFC3339)}
}

func badSpan(text string) error { return &answer{http.StatusBadRequest, "No such span of time", text} }

// spanAddress returns the query of the address with another span of time.
func spanAddress(form url.Values, pairs ...string) string {
	changed := url.Values{}
	for name, values := range form {
		if name != "range" && name != "from" && name != "to" && name != "draw" {
			changed[name] = values
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		changed.Set(pairs[i], pairs[i+1])
	}
	return "?" + changed.Encode()
}

// period is a span of time for people: "29 Nov, 14:00–20:00", "1 Nov 14:00 – 29 Nov 14:00 2026".
func (q *request) period(from, to time.Time) string {
	from, to = from.In(q.zone), to.In(q.zone)
	sameDay := from.YearDay() == to.YearDay() && from.Year() == to.Year()
	year := ""
	if to.Year() != q.now.In(q.zone).Year() {
		year = " 2006"
	}
	switch {
	case sameDay && to.Sub(from) < 10*time.Minute:
		return from.Format("2 Jan"+year+", 15:04:05") + "–" + to.Format("15:04:05")
	case sameDay:
		return from.Format("2 Jan"+year+", 15:04") + "–" + to.Format("15:04")
	case from.Year() != to.Year():
		return from.Format("2 Jan 2006") + " – " + to.Format("2 Jan 2006")
	case to.Sub(from) > 8*24*time.Hour:
		return from.Format("2 Jan") + " – " + to.Format("2 Jan"+year)
	}
	return from.Format("2 Jan 15:04") + " – " + to.Format("2 Jan"+year+" 15:04")
}
