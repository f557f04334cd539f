package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
	"virgo/schedule/shorttext"
)

const (
	// maxHosts of a message are named one by one; those of more are one message with their number.
	maxHosts = 10
	// maxLines bounds the events that a message describes, and the members of an event that it names.
	maxLines   = 40
	maxMembers = 10
	maxTitle   = 160
	// linkBefore and linkBehind are the time around an alarm without a span of its own.
	linkBefore, linkBehind = time.Hour, 5 * time.Minute
)

// A composer makes messages of rows. It reads no clock and no queue.
type composer struct {
	webURL string
	zone   *time.Location
}

// An entry is one event of a message with what its row says of it.
type entry struct {
	watch.Event
	level int
}

// compose joins rows into one message. now is when.
func (c composer) compose(notifier string, rows []watch.Row, now time.Time) *Message {
	m := &Message{ID: messageID(notifier, rows), At: now, State: alarm.OK}
	entries := make([]entry, 0, len(rows))
	for _, r := range rows {
		var e watch.Event
		if err := json.Unmarshal(r.Event, &e); err != nil {
			e = watch.Event{Kind: watch.NotifierEvent, At: r.Created, Text: "a notification cannot be read any more"}
		}
		entries = append(entries, entry{clean(e), r.Level})
	}
	last, earlier := newest(entries)
	slices.SortStableFunc(last, func(a, b entry) int { return worseFirst(a.state(), b.state()) })
	m.Kind = last[0].Kind
	for _, e := range last {
		if e.Kind != m.Kind {
			m.Kind = watch.AlarmEvent
		}
		if e.state().Worse(m.State) {
			m.State = e.state()
		}
		m.Escalation = max(m.Escalation, e.level)
		m.Events = append(m.Events, e.Event)
		m.Threads = append(m.Threads, thread(&e.Standing))
	}
	m.Link = c.link(m.Events)
	for _, e := range earlier {
		m.Events = append(m.Events, e.Event)
	}
	slices.Sort(m.Threads)
	m.Threads = slices.Compact(m.Threads)
	m.Title = shorttext.TruncateRunes(title(last), maxTitle)
	c.write(m, last, earlier)
	return m
}

func worseFirst(a, b alarm.State) int {
	switch {
	case a.Worse(b):
		return -1
	case b.Worse(a):
		return 1
	}
	return 0
}

// newest returns the last event of each alarm, and the ones before it.
func newest(entries []entry) (last, earlier []entry) {
	for i, e := range entries {
		again := func(o entry) bool { return o.Standing.Key == e.Standing.Key && o.Kind == e.Kind }
		if e.Kind == watch.AlarmEvent && slices.ContainsFunc(entries[i+1:], again) {
			earlier = append(earlier, e)
		} else {
			last = append(last, e)
		}
	}
	return last, earlier
}

// messageID depends on the rows alone: what is sent again has the same.
func messageID(notifier string, rows []watch.Row) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q", notifier)
	for _, r := range rows {
		binary.Write(h, binary.BigEndian, []int64{r.ID, r.Created.UnixMilli()})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// thread names an alarm for as long as its rule and host exist.
func thread(s *watch.Standing) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %q", s.Rule, s.Agent, s.CheckID, s.Dimension))
	return hex.EncodeToString(sum[:12])
}

// clean sanitizes what came from hosts or from rules.
func clean(e watch.Event) watch.Event {
	e.Text = oneLine(e.Text)
	e.Standing = cleanStanding(e.Standing)
	for i := range e.Members {
		e.Members[i] = cleanStanding(e.Members[i])
	}
	return e
}

func cleanStanding(s watch.Standing) watch.Standing {
	for _, text := range []*string{&s.Rule, &s.CheckID, &s.Dimension, &s.AgentID, &s.Host, &s.Text, &s.AckedBy} {
		*text = oneLine(*text)
	}
	for i := range s.Tags {
		s.Tags[i] = oneLine(s.Tags[i])
	}
	return s
}

func oneLine(s string) string {
	return shorttext.Truncate(shorttext.Sanitize(strings.Join(strings.Fields(s), " ")), maxTextBytes)
}

// state is what an event is about: one that is no alarm asks to be looked at.
func (e *entry) state() alarm.State {
	state := e.Standing.State
	for _, m := range e.Members {
		if m.State.Worse(state) {
			state = m.State
		}
	}
	return state
}

// what says in words what an event is about, without state and host.
func (e *entry) what() string {
	switch s := &e.Standing; {
	case e.Kind != watch.AlarmEvent && e.Text != "":
		return e.Text
	case s.Text != "":
		return s.Text
	case s.Dimension != "":
		return s.Rule + " of " + s.Dimension
	case s.CheckID != "":
		return s.Rule + " of " + s.CheckID
	default:
		return s.Rule
	}
}

// sentence is one event in a line.
func (e *entry) sentence() string {
	s := &e.Standing
	text := e.what()
	if e.Kind == watch.AlarmEvent {
		text = s.State.String() + " " + text
		if s.State == alarm.OK && !s.From.IsZero() && e.At.After(s.From) {
			text += " (after " + span(e.At.Sub(s.From)) + ")"
		}
		if s.Flapping {
			text += ", flapping"
		}
	}
	if s.Host != "" {
		text = watch.HostName(s.AgentID, s.Host) + ": " + text
	}
	switch {
	case e.level > 0:
		text = "nobody looks after this: " + text
	case e.level == reminderLevel:
		text = "still open: " + text
	}
	return text
}

func title(last []entry) string {
	hosts := hostsOf(last)
	switch {
	case len(hosts) > maxHosts:
		return strconv.Itoa(len(hosts)) + " hosts: " + counts(last)
	case len(last) == 1:
		return last[0].sentence()
	case len(hosts) <= 1:
		return last[0].sentence() + ", and " + strconv.Itoa(len(last)-1) + " more"
	}
	return last[0].sentence() + "; in all " + counts(last)
}

func hostsOf(list []entry) []string {
	var hosts []string
	for _, e := range list {
		if id := e.Standing.AgentID; id != "" && !slices.Contains(hosts, id) {
			hosts = append(hosts, id)
		}
	}
	return hosts
}

// counts are the numbers of states, the worst first.
func counts(list []entry) string {
	var parts []string
	for _, s := range []alarm.State{alarm.Critical, alarm.Silent, alarm.Warning, alarm.Unknown, alarm.OK} {
		n := 0
		for _, e := range list {
			if e.Standing.State == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+s.String())
		}
	}
	return strings.Join(parts, ", ")
}

// link leads to one host at the time of its events, or to all alarms.
func (c composer) link(events []watch.Event) string {
	if c.webURL == "" {
		return ""
	}
	base := strings.TrimRight(c.webURL, "/")
	id := events[0].Standing.AgentID
	if id == "" || slices.ContainsFunc(events, func(e watch.Event) bool { return e.Standing.AgentID != id }) {
		return base + "/alarms"
	}
	var from, to time.Time
	for _, e := range events {
		f, t := spanOf(&e)
		if from.IsZero() || f.Before(from) {
			from = f
		}
		if t.After(to) {
			to = t
		}
	}
	return base + "/hosts/" + url.PathEscape(id) + "?from=" + from.UTC().Format(time.RFC3339) + "&to=" + to.UTC().Format(time.RFC3339) + "#alarm"
}

// spanOf is the time that a person wants to see.
func spanOf(e *watch.Event) (from, to time.Time) {
	from, to = e.Standing.From, e.Standing.To
	if from.IsZero() {
		from = cmp.Or(e.Standing.Since, e.At)
	}
	if to.IsZero() {
		to = e.At
	}
	return from.Add(-linkBefore).Truncate(time.Second), to.Add(linkBehind).Truncate(time.Second)
}

// span is a length of time in its two largest units.
func span(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// number prints a value for people: six digits are enough.
func number(v float64) string {
	if v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	text := strconv.FormatFloat(v, 'f', 3, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}
