package web

import (
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/chart"
)

// stripWidth is the width of a strip in its own units.
const stripWidth = 1000

// A strip shows states over time as a row of rectangles.
type strip struct {
	Width int
	Parts []stripPart
	// Words is the strip for those who do not see it.
	Words string
}

// A stripPart is a state over a span of time.
type stripPart struct {
	X, Width string
	// Class is that of the style, Title what is said of it.
	Class, Title string
}

// strip draws the runs of one check between two times.
func (q *request) strip(runs []chart.Run, from, to int64) strip {
	s := strip{Width: stripWidth}
	bad := 0
	for _, r := range runs {
		if r.From = max(r.From, from); r.From >= r.To {
			continue
		}
		x := float64(r.From-from) / float64(to-from) * stripWidth
		width := float64(r.To-r.From) / float64(to-from) * stripWidth
		if width < 1.5 && r.State != "ok" {
			width = 1.5 // what is wrong is seen, however short it was
		}
		class := r.State
		if r.Would {
			class += " would"
		}
		s.Parts = append(s.Parts, stripPart{short(x), short(width), class, q.runTitle(&r)})
		if r.State != "ok" && r.State != "late" {
			bad++
		}
	}
	switch {
	case len(runs) == 0:
		s.Words = "nothing known"
	case bad == 0:
		s.Words = "nothing was wrong"
	default:
		s.Words = counted(int64(bad), "span in which something was wrong", "spans in which something was wrong")
	}
	return s
}

// runTitle is what a run says when it is pointed at.
func (q *request) runTitle(r *chart.Run) string {
	word := map[string]string{"ok": "results came", "late": "results came late", "unavailable": "unavailable", "refused": "not allowed by the host's owner",
		"unknown": "cannot be judged"}[r.State]
	if word == "" {
		word = strings.ToUpper(r.State)
	}
	if r.Would {
		word = "would have been " + word
	}
	if r.Text != "" {
		word += ": " + r.Text
	}
	return word + "\n" + q.period(time.UnixMilli(r.From), time.UnixMilli(r.To)) + " (" + span(time.Duration(r.To-r.From)*time.Millisecond) + ")"
}

// short is a coordinate with one digit behind the point.
func short(v float64) string { return strconv.FormatFloat(float64(int64(v*10+0.5))/10, 'f', -1, 64) }
