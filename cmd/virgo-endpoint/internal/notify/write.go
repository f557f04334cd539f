package notify

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

const timeLayout = "2006-01-02 15:04:05 -07:00"

// A paragraph is what a message says of one event.
type paragraph struct {
	State, Sentence string
	Facts           []fact
	Members         []string
	Link            string
}

type fact struct{ Name, Text string }

// page has colours by the state's name, for mail programs that show HTML; no picture and nothing from elsewhere.
var page = template.Must(template.New("message").Parse(`<!DOCTYPE html>
<html><body style="font-family:sans-serif;line-height:1.4">
{{range .Paragraphs}}<h3 style="margin:1em 0 .2em;border-left:.4em solid {{if eq .State "CRITICAL"}}#c62828{{else if eq .State "OK"}}#2e7d32{{else if eq .State "SILENT"}}#616161{{else}}#ef8f00{{end}};padding-left:.5em">{{.Sentence}}</h3>
<table style="border-collapse:collapse">{{range .Facts}}<tr><td style="padding:0 1em 0 .9em;color:#666">{{.Name}}</td><td>{{.Text}}</td></tr>{{end}}</table>
{{if .Members}}<ul>{{range .Members}}<li>{{.}}</li>{{end}}</ul>
{{end}}{{if .Link}}<p style="margin:.4em .9em"><a href="{{.Link}}">Show it</a></p>
{{end}}{{end}}{{range .Earlier}}<p style="color:#666;margin:.2em .9em">{{.}}</p>
{{end}}{{if .Link}}<p><a href="{{.Link}}">All alarms</a></p>
{{end}}</body></html>
`))

// write fills in the texts of a message.
func (c composer) write(m *Message, last, earlier []entry) {
	var list []paragraph
	few := len(hostsOf(last)) <= maxHosts
	shown := last
	if !few {
		shown = firstOfHosts(last)
	}
	for i, e := range shown {
		if i == maxLines {
			break
		}
		p := paragraph{State: e.state().String(), Sentence: e.sentence()}
		if few {
			p = c.describe(&e)
		}
		list = append(list, p)
	}
	var lines []string
	if more := len(last) - len(list); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	for i, e := range earlier {
		if i == maxLines {
			break
		}
		lines = append(lines, "before, at "+c.time(e.At)+": "+e.sentence())
	}
	all := ""
	if len(list) > 0 && list[0].Link != m.Link {
		all = m.Link
	}
	var text strings.Builder
	for _, p := range list {
		p.print(&text)
	}
	for _, l := range lines {
		text.WriteString(l + "\n")
	}
	if all != "" {
		text.WriteString(all + "\n")
	}
	m.Text = text.String()
	var html strings.Builder
	if err := page.Execute(&html, map[string]any{"Paragraphs": list, "Earlier": lines, "Link": all}); err == nil {
		m.HTML = html.String()
	}
}

// firstOfHosts are the first events of the first hosts, one each.
func firstOfHosts(list []entry) []entry {
	var first []entry
	seen := make(map[string]bool)
	for _, e := range list {
		if id := e.Standing.AgentID; !seen[id] && len(first) < maxHosts {
			seen[id] = true
			first = append(first, e)
		}
	}
	return first
}

// describe says all of one event: value, threshold, since when, where, and where to look.
func (c composer) describe(e *entry) paragraph {
	s := &e.Standing
	p := paragraph{State: e.state().String(), Sentence: e.sentence()}
	add := func(name, text string) {
		if text != "" {
			p.Facts = append(p.Facts, fact{name, text})
		}
	}
	if e.Kind == watch.AlarmEvent {
		if s.Value != nil {
			add("value", number(*s.Value))
		}
		if s.Threshold != nil {
			add("threshold", number(*s.Threshold))
		}
		add("since", c.time(cmp.Or(s.Since, e.At)))
		if e.Was != s.State {
			add("was", e.Was.String())
		}
		if s.State == alarm.OK && !s.From.IsZero() {
			add("began", c.time(s.From))
		}
		add("check", s.CheckID)
		add("part", s.Dimension)
		add("rule", s.Rule)
		if s.AckedBy != "" {
			add("acknowledged", "by "+s.AckedBy+", "+c.time(s.AckedAt))
		}
		if s.AgentID != s.Host {
			add("id", s.AgentID)
		}
		add("tags", strings.Join(s.Tags, ", "))
	} else {
		add("at", c.time(e.At))
	}
	for i, member := range e.Members {
		if i == maxMembers {
			p.Members = append(p.Members, fmt.Sprintf("and %d more", len(e.Members)-i))
			break
		}
		m := entry{Event: watch.Event{Kind: watch.AlarmEvent, Standing: member}}
		p.Members = append(p.Members, m.sentence()+", since "+c.time(member.Since))
	}
	p.Link = c.link([]watch.Event{e.Event})
	return p
}

func (c composer) time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.zone).Format(timeLayout)
}

func (p *paragraph) print(b *strings.Builder) {
	b.WriteString(p.Sentence + "\n")
	for _, f := range p.Facts {
		fmt.Fprintf(b, "    %-12s %s\n", f.Name, f.Text)
	}
	for _, m := range p.Members {
		b.WriteString("    - " + m + "\n")
	}
	if p.Link != "" {
		b.WriteString("    " + p.Link + "\n")
	}
	if len(p.Facts)+len(p.Members) > 0 {
		b.WriteString("\n")
	}
}
