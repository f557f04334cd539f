package web

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/live"
)

// statusAge is how long a public page is shown as it is: whoever asks for it often costs nothing.
const statusAge = 10 * time.Second

// A publicStatus is what everybody may see of a tag: of its hosts the name, the state and since when, and no more.
type publicStatus struct {
	Tag  string
	Rows []publicRow
	// Worst is the state of the worst host.
	Worst string
}

// A publicRow is one host of it.
type publicRow struct {
	Name, State, Text string
	Since             time.Time
}

// A statusCache keeps the public pages for a moment.
type statusCache struct {
	mu   sync.Mutex
	read time.Time
	tags []string
	all  map[string]*publicStatus
}

// status returns the public page of a tag; nil for a tag that is not public, or that nobody has.
func (s *Site) status(ctx context.Context, tag string) (*publicStatus, error) {
	c, now := &s.shown, s.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.read); c.all == nil || age < 0 || age >= statusAge {
		tags, err := s.PublicTags(ctx)
		if err != nil {
			return nil, err
		}
		c.read, c.tags, c.all = now, tags, map[string]*publicStatus{}
		rows := []live.Row(nil)
		if len(tags) > 0 {
			rows = s.Hosts.Rows(now)
		}
		for _, t := range tags {
			if st := publicOf(t, rows); st != nil {
				c.all[t] = st
			}
		}
	}
	return c.all[tag], nil
}

// publicOf returns what is public of the hosts with a tag; nil if there is none.
func publicOf(tag string, rows []live.Row) *publicStatus {
	st := &publicStatus{Tag: tag, Worst: "ok"}
	rank := func(state string) int { return slices.Index(publicStates, state) }
	for i := range rows {
		r := &rows[i]
		state := stateOf(r)
		if !slices.Contains(r.Tags, tag) || state == "revoked" {
			continue
		}
		one := publicRow{Name: r.Name, State: "ok", Text: "OK"}
		if rank(state) >= 0 && state != "ok" {
			one.State, one.Text, one.Since = state, strings.ToUpper(state[:1])+state[1:], r.Since
		}
		if rank(one.State) < rank(st.Worst) {
			st.Worst = one.State
		}
		st.Rows = append(st.Rows, one)
	}
	if st.Rows == nil {
		return nil
	}
	slices.SortStableFunc(st.Rows, func(a, b publicRow) int { return rank(a.State) - rank(b.State) })
	return st
}

// publicStates are the states that are told to everybody, the worst first.
var publicStates = []string{"critical", "silent", "warning", "ok"}

// A shownStatus is a public page for one reader.
type shownStatus struct {
	*publicStatus
	q *request
}

// At is a time as this reader sees it.
func (s *shownStatus) At(t time.Time) stamp { return s.q.at(t) }

// Heading says how the hosts are.
func (s *shownStatus) Heading() string {
	bad := 0
	for _, r := range s.Rows {
		if r.State != "ok" {
			bad++
		}
	}
	if bad == 0 {
		return s.Tag + ": all is well"
	}
	return s.Tag + ": " + strconv.Itoa(bad) + " of " + hosts(len(s.Rows)) + " with a problem"
}

func statusView() view {
	return view{pattern: "GET /status/{tag...}", public: true, serve: func(s *Site, q *request) error {
		st, err := s.status(q.Context(), q.PathValue("tag"))
		if err != nil {
			return err
		}
		if st == nil {
			return notFound("There is no such page.")
		}
		q.w.Header().Set("Refresh", "60")
		shown := &shownStatus{st, q}
		return q.render("status", shown.Heading(), shown)
	}}
}

// A badge is a small picture with a tag and its state.
type badge struct {
	Tag, State, Colour              string
	Left, Right, Width, Mid, Centre int
}

// Measures of a badge in pixels. A font is not measured on a server: letters are taken as wide.
const (
	letter  = 7
	padding = 6
)

func newBadge(tag, state string) *badge {
	b := &badge{Tag: tag, State: state, Colour: map[string]string{"critical": "#b3261e", "silent": "#6a4c93", "warning": "#8a5a00"}[state]}
	if b.Colour == "" {
		b.Colour = "#2e7d4f"
	}
	b.Left = len([]rune(tag))*letter + 2*padding
	b.Right = len(state)*letter + 2*padding
	b.Width, b.Mid, b.Centre = b.Left+b.Right, b.Left/2, b.Left+b.Right/2
	return b
}

func badgeView() view {
	return view{pattern: "GET /badge/{tag...}", public: true, serve: func(s *Site, q *request) error {
		tag, ok := strings.CutSuffix(q.PathValue("tag"), ".svg")
		if !ok {
			return notFound("There is no such picture.")
		}
		st, err := s.status(q.Context(), tag)
		if err != nil {
			return err
		}
		if st == nil {
			return notFound("There is no such picture.")
		}
		var out bytes.Buffer
		if err := s.templates.execute(&out, "badge", "badge", newBadge(tag, st.Worst)); err != nil {
			return err
		}
		h := q.w.Header()
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // it is made to stand in other pages
		h.Set("Cache-Control", "max-age=60")
		return q.write(http.StatusOK, "image/svg+xml", out.Bytes())
	}}
}
