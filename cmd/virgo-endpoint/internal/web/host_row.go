package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule/alarm"
)

// A hostRow is a row of the list of hosts.
type hostRow struct {
	Agent    int64
	ID, Name string
	Tags     []string
	// State is the group that the host is counted in; Word says it, where a mark alone would.
	State, Word string
	// Mark is the symbol beside the name; empty for none.
	Mark string
	// Why is the sentence below the name, then come Since and Seen, if they are not zero, then Then. More counts further
	// alarms.
	Why, Then   string
	More        int
	Since, Seen stamp
	Acked       string
	Old         bool
	Hidden      bool
	Cells       []cell
	// rank is the place of the state among all.
	rank    int
	figures *[live.Figures]live.Figure
}

// A cell is one figure of a row.
type cell struct {
	Key, Text, Note string
	// Level is warning or critical, or empty.
	Level string
	// Width is that of the bar in percent; below 0 there is none.
	Width int
	// Value is for ordering; empty if it is not known.
	Value string
}

func newHostRow(r *live.Row, columns []column, q *request) hostRow {
	h := hostRow{Agent: int64(r.Agent), ID: r.ID, Name: r.Name, Tags: r.Tags, State: stateOf(r), Old: r.Stale, figures: &r.Figures}
	h.rank = slices.IndexFunc(states[:], func(s hostState) bool { return s.key == h.State })
	h.explain(r, q)
	for _, c := range columns {
		h.Cells = append(h.Cells, cellOf(&r.Figures[c.index], c.Key))
	}
	return h
}

// explain sets what is said below the name.
func (h *hostRow) explain(r *live.Row, q *request) {
	if len(r.Alarms) > 0 {
		first := r.Alarms[0]
		h.Why, h.Since, h.Acked, h.More = first.Text, q.at(first.Since), first.AckedBy, len(r.Alarms)-1
	}
	switch h.State {
	case "silent":
		h.Mark, h.Why, h.Then = "silent", "silent", strings.TrimPrefix(r.Situation, "silent; ")
		h.Since, h.Seen, h.More, h.Acked = q.at(r.Since), q.at(r.LastSeen), 0, ""
		for _, a := range r.Alarms {
			if a.State == alarm.Silent {
				h.Acked = a.AckedBy
			}
		}
	case "critical", "warning":
		h.Mark, h.Word = h.State, h.State
	case "attention":
		h.Mark = "attention"
		if len(r.Alarms) == 0 {
			h.Why, h.Since = sentenceOf(r), stamp{}
			h.Seen = q.at(r.LastSeen)
			if r.Health != report.Late {
				h.Seen = stamp{}
			}
		}
	case "revoked":
		h.Why = string(r.Health)
	}
}

// sentenceOf says what an alarm does not.
func sentenceOf(r *live.Row) string {
	switch r.Health {
	case report.Unavailable:
		return "a check is unavailable"
	case report.Warning:
		return "its identity is in doubt"
	case report.Late:
		return "late"
	case report.Waiting:
		return "results are waiting there"
	case report.Refused:
		return "its owner refuses a check"
	case report.Never:
		return "never seen"
	}
	return "an alarm cannot be judged"
}

func cellOf(f *live.Figure, key string) cell {
	c := cell{Key: key, Text: f.Text, Note: f.Note, Width: -1}
	if !f.Known {
		c.Text = "–"
		return c
	}
	if f.Share >= 0 {
		c.Width = int(min(f.Share, 1)*100 + .5)
	}
	if f.Level == alarm.Warning || f.Level == alarm.Critical {
		c.Level = strings.ToLower(f.Level.String())
	}
	c.Value = strconv.FormatFloat(f.Value, 'g', 4, 64)
	return c
}

// has reports whether every word is in the name, the id or a tag.
func (h *hostRow) has(words []string) bool {
	for _, w := range words {
		if !strings.Contains(h.Find(), w) {
			return false
		}
	}
	return true
}

// Find is the text that the search looks at, in lower case.
func (h *hostRow) Find() string {
	text := h.Name
	if h.ID != h.Name {
		text += " " + h.ID
	}
	return strings.ToLower(strings.TrimSpace(text + " " + strings.Join(h.Tags, " ")))
}

// TagText is what is shown of the tags.
func (h *hostRow) TagText() string { return strings.Join(h.Tags, ", ") }

// Lasting is the duration since a time, as a word for the end of a sentence.
func (t stamp) Lasting() string { return span(max(0, t.now.Sub(t.Time))) }

// Machine is the time for programs, in UTC and seconds.
func (t stamp) Machine() string { return t.UTC().Format(time.RFC3339) }
