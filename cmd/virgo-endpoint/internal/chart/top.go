package chart

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/figure"
	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Bounds of a figure over many hosts.
const (
	// MaxTop bounds the lines of one answer.
	MaxTop = 50
	// MaxTopHosts bounds the hosts that are compared.
	MaxTopHosts = 2_000
)

// A TopQuery selects a figure of many hosts.
type TopQuery struct {
	// Hosts are those that are compared.
	Hosts []Host
	// CheckType and Figure name the plot: the id of a frame without its dimension, such as "usage" of agent.cpu, or
	// "metric/NAME" for one that package figure does not know.
	CheckType, Figure string
	From, To          time.Time
	// Top is the number of lines.
	Top int
	// Least first, instead of greatest.
	Least bool
}

// A Host is one that is compared.
type Host struct{ ID, Name string }

// Top is a figure over many hosts.
type Top struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	CheckType     string `json:"check_type" doc:"The check's type."`
	Figure        string `json:"figure" doc:"The plot's id within the type."`
	Title         string `json:"title" doc:"A few words."`
	Sentence      string `json:"sentence" doc:"What is seen."`
	// Hosts is the number of hosts that have it.
	Hosts  int         `json:"hosts" doc:"Number of hosts that have it."`
	Step   int64       `json:"step_ms" doc:"0: a point for each result; else the span that a point is for."`
	From   int64       `json:"from_ms" doc:"The begin of what was asked for."`
	To     int64       `json:"to_ms" doc:"Its end."`
	First  int64       `json:"first_ms" doc:"The same as from_ms."`
	Ranked []Ranked    `json:"ranked" nullable:"false" doc:"The lines in their order, with what they were ordered by."`
	Plots  []Plot      `json:"plots" nullable:"false" doc:"One plot with the lines; none if no host has it. At the times of other hosts a line has the value between its own."`
	Known  []NamedPlot `json:"known" nullable:"false" doc:"Figures that these hosts have."`
}

// A Ranked is one line of a Top.
type Ranked struct {
	AgentID   string  `json:"agent_id" doc:"The host's id."`
	Name      string  `json:"agent_name" doc:"Its name."`
	CheckID   string  `json:"check_id" doc:"The check."`
	Dimension string  `json:"dimension" doc:"The dimension; may be empty."`
	Mean      float64 `json:"mean" doc:"The mean over the span, by which they are ordered."`
	Max       float64 `json:"max" doc:"The greatest value."`
	Last      float64 `json:"last" doc:"The latest one."`
}

// A NamedPlot names a figure.
type NamedPlot struct {
	CheckType string `json:"check_type" doc:"The check's type."`
	Figure    string `json:"figure" doc:"The plot's id within the type."`
	Title     string `json:"title" doc:"A few words."`
}

// A candidate is a line of a host.
type candidate struct {
	Ranked
	unit     string
	min, max *float64
	line     Line
	values   []value
}

// Top returns a figure over many hosts: the lines with the greatest means. Error: ErrSpan.
func (r *Reader) Top(ctx context.Context, q TopQuery) (*Top, error) {
	of := Query{From: q.From, To: q.To}
	if err := of.valid(); err != nil {
		return nil, err
	}
	step, _ := stepOf(q.To.Sub(q.From), 0)
	top := &Top{SchemaVersion: schemaVersion, CheckType: q.CheckType, Figure: q.Figure, Step: step.Milliseconds(), From: q.From.UnixMilli(), To: q.To.UnixMilli(),
		First: q.From.UnixMilli(), Ranked: []Ranked{}, Plots: []Plot{}, Known: []NamedPlot{}}
	var best []candidate
	for _, h := range q.Hosts[:min(len(q.Hosts), MaxTopHosts)] {
		found, err := r.candidates(ctx, &q, h, step, top)
		if errors.Is(err, intake.ErrNoAgent) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			top.Hosts++
		}
		best = append(best, found...)
		slices.SortStableFunc(best, func(a, b candidate) int {
			if q.Least {
				return cmp.Compare(a.Mean, b.Mean)
			}
			return cmp.Compare(b.Mean, a.Mean)
		})
		best = best[:min(len(best), max(min(q.Top, MaxTop), 1))]
	}
	slices.SortFunc(top.Known, func(a, b NamedPlot) int {
		return cmp.Or(cmp.Compare(figure.Order(a.CheckType), figure.Order(b.CheckType)), strings.Compare(a.CheckType, b.CheckType), strings.Compare(a.Title, b.Title))
	})
	top.draw(best)
	return top, nil
}

// candidates returns the lines of one host.
func (r *Reader) candidates(ctx context.Context, q *TopQuery, h Host, step time.Duration, top *Top) ([]candidate, error) {
	list, err := r.series(ctx, h.ID)
	if err != nil {
		return nil, err
	}
	of := Query{AgentID: h.ID, From: q.From, To: q.To, More: true}
	frames := arrange(list, &of, &Document{})
	frames = slices.DeleteFunc(frames, func(f framed) bool {
		id := strings.TrimSuffix(f.ID, "/"+f.Dimension)
		if len(f.Lines) > 0 && f.Dimension == "" { // across dimensions: the id has the first
			id = strings.TrimSuffix(f.ID, "/"+list[f.sources[f.Lines[0].Add[0]]].Dimension)
		}
		known := NamedPlot{f.checkType, id, f.Title}
		if !slices.Contains(top.Known, known) && len(top.Known) < maxKnown {
			top.Known = append(top.Known, known)
		}
		return f.checkType != q.CheckType || id != q.Figure
	})
	wanted, frames := choose(frames, figure.MaxLines*maxFramesOfHost, &Document{})
	if len(frames) == 0 {
		return nil, nil
	}
	points, err := r.points(ctx, &of, list, wanted, step)
	if err != nil {
		return nil, err
	}
	var found []candidate
	for i := range frames {
		f := &frames[i]
		b := builder{frame: f, list: list, points: points, from: top.From, to: top.To}
		top.Title, top.Sentence = f.Title, f.Sentence
		lines := f.Lines
		if !f.across(list) {
			lines = lines[:1]
		}
		for n := range lines {
			c := candidate{unit: f.Unit, min: f.Min, max: f.Max, values: b.line(&lines[n])}
			first := &list[f.sources[lines[n].Add[0]]]
			c.Ranked = Ranked{AgentID: h.ID, Name: cmp.Or(h.Name, h.ID), CheckID: f.checkID, Dimension: first.Dimension}
			c.line = Line{Name: c.Name, Dimension: first.Dimension, Metric: first.Metric}
			if first.Dimension != "" {
				c.line.Name += " " + first.Dimension
			}
			if c.measure() {
				found = append(found, c)
			}
		}
	}
	return found, nil
}

// maxFramesOfHost bounds the plots of one host that are compared with others', maxKnown the figures that are offered.
const (
	maxFramesOfHost = 8
	maxKnown        = 200
)

// across reports whether the lines of a frame are of different dimensions.
func (f *framed) across(list []intake.Series) bool {
	first := list[f.sources[f.Lines[0].Add[0]]].Dimension
	return slices.ContainsFunc(f.Lines, func(l figure.Line) bool { return list[f.sources[l.Add[0]]].Dimension != first })
}

// measure sets the figures of a line; it has none if false.
func (c *candidate) measure() bool {
	n, sum := 0, 0.0
	c.Max = math.Inf(-1)
	for _, v := range c.values {
		if !math.IsNaN(v.y) {
			n++
			sum += v.y
			c.Max, c.Last = math.Max(c.Max, math.Max(v.y, v.hi)), v.y
		}
	}
	if n == 0 {
		return false
	}
	c.Mean = sum / float64(n)
	round := rounder(c.Max - math.Min(c.Mean, 0))
	c.Mean, c.Max, c.Last = round(c.Mean), round(c.Max), round(c.Last)
	return true
}

// draw makes the plot of the lines that were chosen. Hosts report at different times.
func (t *Top) draw(best []candidate) {
	if len(best) == 0 {
		return
	}
	p := Plot{ID: t.CheckType + "/" + t.Figure, CheckType: t.CheckType, Title: t.Title, Sentence: t.Sentence, Unit: best[0].unit, Min: best[0].min, Max: best[0].max,
		Lines: []Line{}, Late: [][2]int{}, Limits: []Threshold{}}
	grid := t.Step
	if grid == 0 {
		grid = time.Minute.Milliseconds()
	}
	lines := make([][]value, len(best))
	for i := range best {
		t.Ranked = append(t.Ranked, best[i].Ranked)
		p.Lines = append(p.Lines, best[i].line)
		for _, v := range best[i].values {
			v.at -= v.at % grid
			if last := len(lines[i]) - 1; last >= 0 && lines[i][last].at == v.at {
				lines[i][last] = v
				continue
			}
			lines[i] = append(lines[i], v)
		}
	}
	p.X = times(lines)
	late := make([]bool, len(p.X))
	round := rounder(scale(&p, lines))
	for i := range lines {
		fill(&p, &p.Lines[i], lines[i], round, late)
		join(&p, &p.Lines[i], lines[i], round)
		p.Lines[i].Lo, p.Lines[i].Hi = nil, nil // bands of ten hosts over each other say nothing
	}
	t.Plots = append(t.Plots, p)
}

// join sets what a line has at the times of other hosts: a point of the straight line between its own, where it has no gap.
func join(p *Plot, l *Line, values []value, round func(float64) float64) {
	own := 0
	for i, at := range p.X {
		for own < len(values) && values[own].at <= at {
			own++
		}
		if own == 0 || own == len(values) || values[own-1].at == at {
			continue
		}
		before, next := &values[own-1], &values[own]
		if next.broke || math.IsNaN(before.y) || math.IsNaN(next.y) {
			continue
		}
		l.Y[i] = round(before.y + (next.y-before.y)*float64(at-before.at)/float64(next.at-before.at))
	}
}
