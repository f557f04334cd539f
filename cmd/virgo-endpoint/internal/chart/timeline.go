package chart

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/figure"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// Bounds of a timeline.
const (
	// MaxRuns bounds the runs of one check.
	MaxRuns = 400
	// maxUnavailable bounds the unavailable results that are read, unavailableSpan the span in which they are.
	maxUnavailable  = 5_000
	unavailableSpan = 8 * 24 * time.Hour
	// maxChanges bounds the changes of alarms that are read.
	maxChanges = 5_000
)

// A Timeline has the states of a host's checks over time. Times are milliseconds since the Unix epoch.
type Timeline struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	AgentID       string `json:"agent_id" doc:"The agent's id."`
	From          int64  `json:"from_ms" doc:"The begin of what was asked for."`
	To            int64  `json:"to_ms" doc:"Its end."`
	First         int64  `json:"first_ms" doc:"Where the axis of time begins: from_ms, or the first result of a history that begins later."`
	Rows          []Row  `json:"rows" nullable:"false" doc:"The host itself, if it has alarms of its own, then its checks in the order of their plots."`
}

// A Row has the states of one check.
type Row struct {
	CheckID   string `json:"check_id" doc:"The check's id; empty for the host itself."`
	CheckType string `json:"check_type" doc:"The check's type."`
	Runs      []Run  `json:"runs" nullable:"false" doc:"In the order of time; between them nothing is known."`
}

// A Run is a span of time in one state.
type Run struct {
	State string `json:"state" enum:"ok,late,unavailable,refused,unknown,warning,critical,silent" doc:"ok: results came; late: they came late; unavailable: the check could not be made; refused: the host's owner does not allow it; else that of an alarm."`
	From  int64  `json:"from_ms" doc:"Its begin."`
	To    int64  `json:"to_ms" doc:"Its end."`
	Text  string `json:"text" doc:"What the alarm said; may be empty."`
	// Would is true for what results that came late would have said.
	Would bool `json:"would" doc:"Results that came late would have said so."`
}

// The states of runs that are not those of an alarm.
const (
	okRun          = "ok"
	lateRun        = "late"
	unavailableRun = "unavailable"
	refusedRun     = "refused"
)

// rank orders the states of runs by how much they matter.
func rank(state string) int {
	return slices.Index([]string{"", okRun, lateRun, refusedRun, "unknown", unavailableRun, "warning", "silent", "critical"}, state)
}

// Timeline returns the states of a host's checks over time. Errors: ErrSpan, intake.ErrNoAgent.
func (r *Reader) Timeline(ctx context.Context, q Query) (*Timeline, error) {
	if err := q.valid(); err != nil {
		return nil, err
	}
	agents, err := r.Store.Agents(ctx, q.AgentID)
	if err != nil {
		return nil, err
	}
	if q.AgentID == "" || len(agents) == 0 {
		return nil, intake.ErrNoAgent
	}
	all, err := r.History.Series(ctx, q.AgentID)
	if err != nil {
		return nil, err
	}
	t := timeline{from: q.From.UnixMilli(), to: q.To.UnixMilli(), rows: map[string]*Row{}, periods: map[string]int64{}, spans: map[string][]Run{}}
	for i := range agents[0].Checks {
		c := &agents[0].Checks[i]
		t.row(c.CheckID, c.CheckType)
		t.periods[c.CheckID] = c.Period.Milliseconds()
	}
	if err := r.presence(ctx, &q, all, &t); err != nil {
		return nil, err
	}
	if err := r.unavailable(ctx, &q, &t); err != nil {
		return nil, err
	}
	if err := r.alarms(ctx, &q, agents[0].Number, &t); err != nil {
		return nil, err
	}
	first := t.to
	for _, spans := range t.spans {
		for i := range spans {
			if spans[i].State == okRun || spans[i].State == lateRun {
				first = min(first, spans[i].From)
			}
		}
	}
	if first, err = r.begin(ctx, &q, all, first); err != nil {
		return nil, err
	}
	return &Timeline{schemaVersion, q.AgentID, t.from, t.to, first, t.list(q.CheckID)}, nil
}

// A timeline is being made: spans of states by check, in any order and over each other.
type timeline struct {
	from, to int64
	rows     map[string]*Row
	periods  map[string]int64 // ms
	spans    map[string][]Run
}

func (t *timeline) row(checkID, checkType string) {
	if t.rows[checkID] == nil {
		t.rows[checkID] = &Row{CheckID: checkID, CheckType: checkType}
	}
}

func (t *timeline) add(checkID string, run Run) {
	run.From, run.To = max(run.From, t.from), min(run.To, t.to)
	if run.From < run.To {
		t.spans[checkID] = append(t.spans[checkID], run)
	}
}

// presence adds the spans in which results of the checks came, by one series of each.
func (r *Reader) presence(ctx context.Context, q *Query, all []intake.Series, t *timeline) error {
	var shortest time.Duration
	for _, ms := range t.periods {
		if p := time.Duration(ms) * time.Millisecond; p > 0 && (shortest == 0 || p < shortest) {
			shortest = p
		}
	}
	step, _ := stepOf(q.To.Sub(q.From), shortest)
	ask := intake.PlotQuery{AgentID: q.AgentID, From: q.From.Add(-lead(step)), To: q.To, Step: step}
	seen := map[string]bool{}
	for i := range all {
		s := &all[i]
		if s.Text() || seen[s.CheckID] || len(ask.Series) == intake.MaxPlotSeries || s.Last.Add(24*time.Hour).Before(q.From) || s.First.After(q.To) {
			continue
		}
		seen[s.CheckID] = true
		t.row(s.CheckID, s.CheckType)
		ask.Series = append(ask.Series, intake.SeriesRef{CheckID: s.CheckID, Dimension: s.Dimension, Metric: s.Metric})
	}
	open := make([]Run, len(ask.Series))
	end := func(n int) {
		if open[n].State != "" {
			t.add(ask.Series[n].CheckID, open[n])
		}
	}
	err := r.History.EachPoint(ctx, ask, func(n int, p intake.Point) error {
		state := okRun
		if p.Late {
			state = lateRun
		}
		at, span := p.Time.UnixMilli(), p.Span.Milliseconds()
		if span == 0 {
			span = cmp.Or(t.periods[ask.Series[n].CheckID], time.Minute.Milliseconds())
		}
		if o := &open[n]; o.State == "" || p.Gap || o.State != state {
			if !p.Gap || o.To > at {
				o.To = at // another state begins
			}
			end(n)
			open[n] = Run{State: state, From: at}
		}
		open[n].To = at + span
		return nil
	})
	if err != nil {
		return err
	}
	for n := range open {
		end(n)
	}
	return nil
}

// unavailable adds results that are unavailable, as long as they are kept and the span is short.
func (r *Reader) unavailable(ctx context.Context, q *Query, t *timeline) error {
	if q.To.Sub(q.From) > unavailableSpan {
		return nil
	}
	var unread *intake.UnreadError
	err := r.Store.Results(ctx, intake.Filter{AgentID: q.AgentID, CheckID: q.CheckID, State: "unavailable", Since: q.From.Add(-lead(0)), Until: q.To, Limit: maxUnavailable},
		func(result intake.Result) error {
			if strings.HasPrefix(result.CheckID, "agent.virgo.") { // reports of the agent, and no checks
				return nil
			}
			state := unavailableRun
			if result.Refused {
				state = refusedRun
			}
			t.row(result.CheckID, result.CheckType)
			at := result.PlaceInTime().UnixMilli()
			period := intake.Period(result.Params).Milliseconds()
			t.add(result.CheckID, Run{State: state, From: at, To: at + cmp.Or(period, time.Minute.Milliseconds())*5/4}) // runs are not exact to the second
			return nil
		})
	if errors.As(err, &unread) {
		return nil
	}
	return err
}

// alarms adds the states of alarms.
func (r *Reader) alarms(ctx context.Context, q *Query, agent intake.AgentNumber, t *timeline) error {
	if r.Changes == nil {
		return nil
	}
	return r.Changes(ctx, watch.ChangeFilter{Agent: agent, From: q.From, To: q.To, Limit: maxChanges}, func(c watch.Change) error {
		if c.State == alarm.OK || q.CheckID != "" && c.CheckID != q.CheckID {
			return nil
		}
		until := q.To
		if !c.Until.IsZero() {
			until = c.Until
		}
		t.row(c.CheckID, "")
		t.add(c.CheckID, Run{State: strings.ToLower(c.State.String()), From: c.At.UnixMilli(), To: until.UnixMilli(), Text: c.Text, Would: c.Kind == watch.Late})
		return nil
	})
}

// list returns the rows, each with what matters most at each time.
func (t *timeline) list(checkID string) []Row {
	rows := []Row{}
	for id, row := range t.rows {
		if checkID == "" || id == checkID {
			row.Runs = flatten(t.spans[id], t.from, t.to)
			rows = append(rows, *row)
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		if a.CheckID == "" || b.CheckID == "" {
			return strings.Compare(a.CheckID, b.CheckID) // the host
		}
		return cmp.Or(cmp.Compare(figure.Order(a.CheckType), figure.Order(b.CheckType)), strings.Compare(a.CheckID, b.CheckID))
	})
	return rows
}

// flatten returns runs that follow each other, of spans that lie over each other: the state that matters most stands. If
// there are more than MaxRuns, each of MaxRuns equal parts of the time has the worst of its states.
func flatten(spans []Run, from, to int64) []Run {
	bounds := []int64{from, to}
	for _, s := range spans {
		bounds = append(bounds, s.From, s.To)
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	runs := worst(spans, bounds)
	if len(runs) <= MaxRuns {
		return runs
	}
	bounds = bounds[:0]
	for i := range int64(MaxRuns + 1) {
		bounds = append(bounds, from+(to-from)*i/MaxRuns)
	}
	return worst(spans, slices.Compact(bounds))
}

// worst returns the worst state between each two bounds; equal ones that follow each other are one run.
func worst(spans []Run, bounds []int64) []Run {
	slices.SortFunc(spans, func(a, b Run) int { return cmp.Compare(a.From, b.From) })
	runs := []Run{}
	next := 0
	var active []Run
	for i := range len(bounds) - 1 {
		from, to := bounds[i], bounds[i+1]
		for next < len(spans) && spans[next].From < to {
			active = append(active, spans[next])
			next++
		}
		active = slices.DeleteFunc(active, func(s Run) bool { return s.To <= from })
		if len(active) == 0 {
			continue
		}
		run := slices.MaxFunc(active, func(a, b Run) int { return cmp.Compare(rank(a.State), rank(b.State)) })
		run.From, run.To = from, to
		if last := len(runs) - 1; last >= 0 && runs[last].To == from && runs[last].State == run.State && runs[last].Text == run.Text && runs[last].Would == run.Would {
			runs[last].To = to
			continue
		}
		runs = append(runs, run)
	}
	return runs
}
