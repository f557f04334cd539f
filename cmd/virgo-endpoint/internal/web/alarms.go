package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// maxPast bounds the changes that a page of alarms shows.
const maxPast = 300

// Alarms are what stands, and what stood.
type Alarms interface {
	// Standing returns the alarms that stand or cannot be judged, the worst first.
	Standing() []watch.Standing
	// Changes is that of watch.Alarms.
	Changes(ctx context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error
}

// A past is how far back the history of alarms is shown.
type past struct {
	Key, Text string
	length    time.Duration
}

var pasts = []past{{"24h", "24 hours", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour}, {"30d", "30 days", 30 * 24 * time.Hour},
	{"1y", "a year", 365 * 24 * time.Hour}, {"2y", "two years", 2 * 365 * 24 * time.Hour}}

// An alarmList is what the page of alarms shows.
type alarmList struct {
	Now  []alarmRow
	Days []alarmDay
	// Host and Tag select; Since is the key of a past.
	Host, Tag, Since string
	Pasts            []pastLink
	Tags             []string
	// Open counts alarms that are not acknowledged, Seen those that are.
	Open, Seen int
	// More is true where there are older changes than are shown.
	More bool
}

type pastLink struct {
	past
	Address string
	Current bool
}

// An alarmDay is a day of the history.
type alarmDay struct {
	Day  string
	Rows []alarmRow
}

// An alarmRow is an alarm that stands, or stood.
type alarmRow struct {
	watch.Key
	AgentID, Host string
	// State is the class of its mark.
	State, Text  string
	Since, Until stamp
	// Lasted is how long; empty while it lasts.
	Lasted string
	Acked  string
	// Note is what is special about it: that it came late, was held back.
	Note string
	// Past is true for a row of the history, SameDay where it ended on the day that it began.
	Past, SameDay bool
	// Late is true for what results that came late would have said.
	Late bool
	// Plots is the address of the host at that time.
	Plots string
	// May is set where the person may acknowledge it.
	May bool
}

func alarmsView() view {
	return view{pattern: "GET /alarms", serve: func(s *Site, q *request) error {
		list, err := q.listAlarms()
		if err != nil {
			return err
		}
		title := "Alarms"
		if list.Open > 0 {
			title = fmt.Sprintf("(%d) Alarms", list.Open)
		}
		return q.render("alarms", title, list)
	}}
}

// A knownHost is what alarms need to know of a host.
type knownHost struct {
	id, name string
	tags     []string
}

func (q *request) listAlarms() (*alarmList, error) {
	form := q.URL.Query()
	l := &alarmList{Host: form.Get("host"), Tag: form.Get("tag"), Since: "7d"}
	var length time.Duration
	for _, p := range pasts {
		if p.Key == form.Get("since") {
			l.Since = p.Key
		}
	}
	for _, p := range pasts {
		next := url.Values{}
		for k, v := range map[string]string{"host": l.Host, "tag": l.Tag, "since": p.Key} {
			if v != "" {
				next.Set(k, v)
			}
		}
		l.Pasts = append(l.Pasts, pastLink{p, "/alarms?" + next.Encode(), p.Key == l.Since})
		if p.Key == l.Since {
			length = p.length
		}
	}
	hosts := l.know(q.site.Hosts.Rows(q.now))
	for _, st := range q.site.Alarms.Standing() {
		if l.Host != "" && st.AgentID != l.Host || l.Tag != "" && !slices.Contains(st.Tags, l.Tag) {
			continue
		}
		switch {
		case st.AckedBy != "":
			l.Seen++
		case st.State.Open():
			l.Open++
		}
		l.Now = append(l.Now, q.standing(&st))
	}
	return l, l.readPast(q, hosts, q.now.Add(-length))
}

// know notes the tags of hosts, and returns the hosts by their numbers.
func (l *alarmList) know(rows []live.Row) map[intake.AgentNumber]knownHost {
	hosts := make(map[intake.AgentNumber]knownHost, len(rows))
	for i := range rows {
		r := &rows[i]
		hosts[r.Agent] = knownHost{r.ID, r.Name, r.Tags}
		l.Tags = append(l.Tags, r.Tags...)
	}
	slices.Sort(l.Tags)
	l.Tags = slices.Compact(l.Tags)
	return hosts
}

func (q *request) standing(st *watch.Standing) alarmRow {
	r := alarmRow{Key: st.Key, AgentID: st.AgentID, Host: nameOf(st.Host, st.AgentID), State: strings.ToLower(st.State.String()),
		Text: st.Text, Since: q.at(st.Since), Until: q.at(time.Time{}), Acked: st.AckedBy, Plots: plotsOf(st.AgentID, st.CheckID, st.Since, q.now),
		May: q.mayAcknowledge()}
	switch {
	case st.SilencedBy != 0:
		r.Note = "silenced"
	case st.Flapping:
		r.Note = "changes often, held at its worst"
	}
	return r
}

// readPast reads the history.
func (l *alarmList) readPast(q *request, hosts map[intake.AgentNumber]knownHost, from time.Time) error {
	f := watch.ChangeFilter{From: from, OnlyOpen: true, Limit: maxPast + 1}
	if l.Host != "" {
		for number, h := range hosts {
			if h.id == l.Host {
				f.Agent = number
			}
		}
		if f.Agent == 0 {
			return nil
		}
	}
	n := 0
	return q.site.Alarms.Changes(q.Context(), f, func(c watch.Change) error {
		h, ok := hosts[c.Agent]
		if l.Tag != "" && !slices.Contains(h.tags, l.Tag) {
			return nil
		}
		if n++; n > maxPast {
			l.More = true
			return nil
		}
		if !ok {
			h = knownHost{c.AgentID, c.Host, nil}
		}
		l.add(q, &c, h)
		return nil
	})
}

func (l *alarmList) add(q *request, c *watch.Change, h knownHost) {
	end := c.Until
	if end.IsZero() {
		end = q.now
	}
	r := alarmRow{Key: c.Key, AgentID: h.id, Host: nameOf(h.name, h.id), State: strings.ToLower(c.State.String()), Text: c.Text,
		Since: q.at(c.At), Until: q.at(c.Until), Plots: plotsOf(h.id, c.CheckID, c.At, end), Note: noteOf(c)}
	if !c.Until.IsZero() {
		r.Lasted = span(c.Until.Sub(c.At))
	}
	r.Past, r.SameDay, r.Late = true, r.Since.Format(time.DateOnly) == r.Until.Format(time.DateOnly), c.Kind == watch.Late
	day := q.at(c.At).Format("Monday, 2 January 2006")
	if len(l.Days) == 0 || l.Days[len(l.Days)-1].Day != day {
		l.Days = append(l.Days, alarmDay{Day: day})
	}
	last := &l.Days[len(l.Days)-1]
	last.Rows = append(last.Rows, r)
}

// noteOf says what is special about a change.
func noteOf(c *watch.Change) string {
	switch c.Kind {
	case watch.Late:
		return "would have been " + c.State.String() + "; its results came late"
	case watch.Silenced:
		return "silenced"
	case watch.Flapped:
		return "changes often, held at its worst"
	case watch.Fleet:
		return "many hosts at once"
	}
	return ""
}

func nameOf(name, id string) string {
	if name != "" {
		return name
	}
	return id
}

// Bounds of the time that a link from an alarm shows: some before it, to see how it came.
const (
	leadTime = 30 * time.Minute
	minSpan  = time.Hour
)

// plotsOf is the address of a host's plots around an alarm; empty for an alarm of no host.
func plotsOf(agentID, checkID string, from, to time.Time) string {
	if agentID == "" {
		return ""
	}
	from = from.Add(-leadTime)
	if to.Sub(from) < minSpan {
		to = from.Add(minSpan)
	}
	v := url.Values{"from": {from.UTC().Format(time.RFC3339)}, "to": {to.UTC().Format(time.RFC3339)}}
	if checkID != "" {
		v.Set("check", checkID)
	}
	return "/hosts/" + url.PathEscape(agentID) + "?" + v.Encode()
}

// Heading says in one sentence what stands.
func (l *alarmList) Heading() string {
	switch {
	case l.Open == 0 && l.Seen == 0:
		return "No alarm stands"
	case l.Open == 0:
		return "Somebody looks after all of it"
	case l.Open == 1:
		return "1 alarm stands"
	}
	return fmt.Sprintf("%d alarms stand", l.Open)
}

// watchAlarms tells when other alarms stand than before.
func watchAlarms(s *Site, q *request, to *events) error {
	before := fingerprint(s.Alarms.Standing())
	return s.follow(to, func(live.Change) error {
		now := fingerprint(s.Alarms.Standing())
		if now == before {
			return nil
		}
		before = now
		return to.send("resync", "")
	})
}

// fingerprint differs where the page of alarms does.
func fingerprint(list []watch.Standing) string {
	var b strings.Builder
	for i := range list {
		s := &list[i]
		if s.State == alarm.OK {
			continue
		}
		fmt.Fprintf(&b, "%q %d %q %q %d %d %q %d\n", s.Rule, s.Agent, s.CheckID, s.Dimension, s.State, s.Since.UnixMilli(), s.AckedBy, s.SilencedBy)
	}
	return b.String()
}
