package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule/alarm"
)

// maxSearch bounds the text that hosts are searched for.
const maxSearch = 256

// Hosts has the rows of all hosts; a live.Table is one.
type Hosts interface {
	// Rows returns all: those with alarms, then silent ones, then the rest, each by name.
	Rows(now time.Time) []live.Row
	// Loaded is false until everything is read, after a start.
	Loaded() bool
	// Subscribe tells which rows may differ, until ctx is done.
	Subscribe(ctx context.Context) <-chan live.Change
}

func hostsView() view {
	return view{pattern: "GET /{$}", serve: func(s *Site, q *request) error {
		rows := s.Hosts.Rows(q.now)
		switch {
		case len(rows) == 0 && !s.Hosts.Loaded():
			q.w.Header().Set("Refresh", "1")
			return &answer{http.StatusServiceUnavailable, "The hosts are being read", "This takes a moment after a start. The page then shows them by itself."}
		case len(rows) == 0:
			return q.showFirst()
		}
		list := listHosts(rows, q)
		return q.render("hosts", list.Title(), list)
	}}
}

// A hostList is what the page of hosts shows.
type hostList struct {
	Rows    []hostRow
	Columns []column
	Counts  []stateCount
	// Tags are all that hosts have, sorted.
	Tags []string
	// Search, Tag and State select what is shown, Sort orders it: all are in the address.
	Search, Tag, State, Sort string
	// Total, Shown and Alarmed are numbers of hosts.
	Total, Shown, Alarmed int
	// NameAddress orders by name.
	NameAddress string
}

// A column is a figure that at least one host has.
type column struct {
	// Key is its name in the address, Text its heading.
	Key, Text string
	// Sorted is "", "ascending" or "descending".
	Sorted string
	// Address orders by it.
	Address string
	index   int
}

// A stateCount is how many hosts are in a state.
type stateCount struct {
	Key, Text string
	N         int
	Current   bool
	Address   string
}

// figureKeys are the names of figures in the address.
var figureKeys = [live.Figures]string{"cpu", "memory", "disk", "network", "load", "temperature", "waiting"}

// listHosts selects and orders rows by the address.
func listHosts(rows []live.Row, q *request) *hostList {
	form := q.URL.Query()
	l := &hostList{Total: len(rows), Search: form.Get("q"), Tag: form.Get("tag"), State: form.Get("state"), Sort: form.Get("sort")}
	if len(l.Search) > maxSearch {
		l.Search = ""
	}
	if !slices.ContainsFunc(states[:], func(s hostState) bool { return s.key == l.State }) {
		l.State = ""
	}
	l.Columns = columnsOf(rows, form)
	l.NameAddress = with(form, "sort", nextOrder(l.Sort))
	count := map[string]int{}
	tags := map[string]bool{}
	words := strings.Fields(strings.ToLower(l.Search))
	for i := range rows {
		r := newHostRow(&rows[i], l.Columns, q)
		count[r.State]++
		for _, t := range r.Tags {
			tags[t] = true
		}
		r.Hidden = l.State != "" && r.State != l.State || l.Tag != "" && !slices.Contains(r.Tags, l.Tag) || !r.has(words)
		if !r.Hidden {
			l.Shown++
		}
		l.Rows = append(l.Rows, r)
	}
	l.order()
	l.Counts = append(l.Counts, stateCount{"", "All", len(rows), l.State == "", with(form, "state", "")})
	for _, s := range states {
		if n := count[s.key]; n > 0 || l.State == s.key {
			l.Counts = append(l.Counts, stateCount{s.key, s.text, n, l.State == s.key, with(form, "state", s.key)})
		}
	}
	l.Alarmed = count["critical"] + count["warning"] + count["silent"]
	for t := range tags {
		l.Tags = append(l.Tags, t)
	}
	slices.Sort(l.Tags)
	return l
}

// columnsOf returns the figures that any host has, and those that are ordered by.
func columnsOf(rows []live.Row, form url.Values) []column {
	var list []column
	names := live.FigureNames()
	names[live.Temperature] = "temp"
	for i, key := range figureKeys {
		if !slices.ContainsFunc(rows, func(r live.Row) bool { return r.Figures[i].Known }) {
			continue
		}
		c := column{Key: key, Text: names[i], Address: with(form, "sort", "-"+key), index: i}
		switch form.Get("sort") {
		case key:
			c.Sorted, c.Address = "ascending", with(form, "sort", "")
		case "-" + key:
			c.Sorted, c.Address = "descending", with(form, "sort", key)
		}
		list = append(list, c)
	}
	return list
}

// with is the address of this page with another value of one field.
func with(form url.Values, key, value string) string {
	next := url.Values{}
	for _, k := range []string{"q", "tag", "state", "sort"} {
		v := form.Get(k)
		if k == key {
			v = value
		}
		if v != "" {
			next.Set(k, v)
		}
	}
	if len(next) == 0 {
		return "/"
	}
	return "/?" + next.Encode()
}

// order sorts rows by what the address says; without it by state and name. Unknown figures come last.
func (l *hostList) order() {
	key, down := strings.CutPrefix(l.Sort, "-")
	if key == "name" {
		slices.SortStableFunc(l.Rows, func(a, b hostRow) int {
			if down {
				a, b = b, a
			}
			return strings.Compare(a.Name, b.Name)
		})
		return
	}
	at := slices.Index(figureKeys[:], key)
	if at < 0 {
		l.Sort = ""
		slices.SortStableFunc(l.Rows, func(a, b hostRow) int { return cmp.Compare(a.rank, b.rank) })
		return
	}
	slices.SortStableFunc(l.Rows, func(a, b hostRow) int {
		x, y := a.figures[at], b.figures[at]
		if x.Known != y.Known {
			if x.Known {
				return -1
			}
			return 1
		}
		if down {
			x, y = y, x
		}
		return cmp.Compare(x.Value, y.Value)
	})
}

// NameSorted is how the rows are ordered by name, for aria-sort.
func (l *hostList) NameSorted() string {
	switch l.Sort {
	case "name":
		return "ascending"
	case "-name":
		return "descending"
	}
	return ""
}

// A hostState is the group that a row is counted in.
type hostState struct{ key, text string }

// states are the groups, the worst first.
var states = [...]hostState{{"critical", "Critical"}, {"silent", "Silent"}, {"warning", "Warning"},
	{"attention", "Attention"}, {"ok", "OK"}, {"revoked", "Revoked"}}

// stateOf returns the group of a row.
func stateOf(r *live.Row) string {
	switch {
	case r.Health == report.Revoked || r.Health == report.Removed:
		return "revoked"
	case r.State == alarm.Silent || r.Health == report.Silent:
		return "silent"
	case r.State == alarm.Critical:
		return "critical"
	case r.State == alarm.Warning:
		return "warning"
	case r.State == alarm.Unknown || r.Health != report.OK:
		return "attention"
	}
	return "ok"
}

// Heading says in one sentence how the hosts are.
func (l *hostList) Heading() string {
	n := map[string]int{}
	for _, c := range l.Counts {
		n[c.Key] = c.N
	}
	var parts []string
	for _, key := range []string{"critical", "silent", "warning"} {
		if n[key] > 0 {
			parts = append(parts, strconv.Itoa(n[key])+" "+key)
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ") + " of " + hosts(l.Total)
	case n["attention"] > 0:
		return hosts(l.Total) + ", no alarms"
	}
	return "All is well: " + hosts(l.Total)
}

// Title is for the window: how many hosts have alarms comes first, so that it is seen in a tab.
func (l *hostList) Title() string {
	if l.Alarmed > 0 {
		return "(" + strconv.Itoa(l.Alarmed) + ") Hosts"
	}
	return "Hosts"
}

func hosts(n int) string {
	if n == 1 {
		return "1 host"
	}
	return strconv.Itoa(n) + " hosts"
}

// nextOrder is what a click on the heading of names orders by.
func nextOrder(sort string) string {
	switch sort {
	case "name":
		return "-name"
	case "-name":
		return ""
	}
	return "name"
}
