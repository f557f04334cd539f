package history

import (
	"context"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// EachPoint calls fn for the points of many series of an agent; see intake.PlotHistory. Error: intake.ErrDamaged, after all
// points that can be read.
func (h *History) EachPoint(
	ctx context.Context, source Arrivals, agent int64, q intake.PlotQuery, fn func(series int, p intake.Point) error,
) error {
	wanted := map[string]bool{}
	for _, s := range q.Series {
		wanted[s.CheckID] = true
	}
	v, err := h.view(ctx, source, agent, func(checkID string) bool { return wanted[checkID] })
	if err != nil {
		return err
	}
	defer v.close()
	var walks []*walk
	for i, s := range q.Series {
		one := intake.SeriesQuery{AgentID: q.AgentID, CheckID: s.CheckID, Metric: s.Metric, Dimension: s.Dimension, From: q.From, To: q.To, Step: q.Step}
		if w := v.walk(one, func(p intake.Point) error { return fn(i, p) }); w != nil {
			walks = append(walks, w)
		}
	}
	return v.along(walks, q.Step)
}

// LateHours returns the hours between two times (ms) in which results of the agent, or of one check of it, came late: of each
// its begin in ms.
func (h *History) LateHours(ctx context.Context, source Arrivals, agent int64, checkID string, from, to int64) (hours []int64, err error) {
	var wanted func(string) bool
	if checkID != "" {
		wanted = func(id string) bool { return id == checkID }
	}
	v, err := h.view(ctx, source, agent, wanted)
	if err != nil {
		return nil, err
	}
	defer v.close()
	only := v.gatherer.dictionary.entries[name{check: checkID, kind: kindCheck}]
	if checkID != "" && only == nil {
		return nil, nil
	}
	for day := unitOf(from, dayMS); day <= unitOf(to, dayMS); day++ {
		row, err := v.rollup("hours", key(day, agent), intake.Hourly, hourBuckets, day*hourBuckets, hourBuckets)
		if err != nil {
			return nil, err
		}
		for hour := range int64(hourBuckets) {
			late := row.damaged // nobody knows
			for i := range row.rollup {
				number := row.rollup[i].number
				if checkID == "" || number == only.number {
					results, _ := row.rollup.series(number, number)
					late = late || results != nil && results[hour].late
				}
			}
			if begin := (day*hourBuckets + hour) * hourMS; late && begin+hourMS > from && begin <= to {
				hours = append(hours, begin)
			}
		}
	}
	return hours, nil
}
