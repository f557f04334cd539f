package intake

import (
	"context"
	"time"
)

// MaxPlotSeries bounds the series of one PlotQuery.
const MaxPlotSeries = 512

// A SeriesRef names a series of an agent. Dimension is empty where the metric has none.
type SeriesRef struct{ CheckID, Dimension, Metric string }

// A PlotQuery selects points of many series of one agent; its fields are as in [SeriesQuery].
type PlotQuery struct {
	AgentID  string
	Series   []SeriesRef
	From, To time.Time
	Step     time.Duration
}

// A LateSpan is a run of results of a check that came late, without one between them that did not.
type LateSpan struct {
	// From and To are the places in time of the first and the last, FirstArrived and LastArrived when they came.
	From, To, FirstArrived, LastArrived time.Time
	Count                               int64
}

// A PlotHistory reads what plots need. It is safe for concurrent use, also beside an Intake.
type PlotHistory interface {
	SeriesHistory
	// EachPoint calls fn with the index of the series and the point, as Points does for each of them, but reads what is
	// stored only once. The points of one series are in the order of time; those of different ones come in any order. Errors:
	// ErrNoAgent; a series that does not exist has no points.
	EachPoint(ctx context.Context, q PlotQuery, fn func(series int, p Point) error) error
	// Late returns the runs of late results of a check, or of all checks together if checkID is empty, whose place in time is
	// from from to before to: the last LateRange of that, and at most MaxLateSpans. Only results that are still kept are
	// known. Where hours without a late result are between two, they are two runs. Error: ErrNoAgent.
	Late(ctx context.Context, agentID, checkID string, from, to time.Time) ([]LateSpan, error)
}

// MaxLateSpans bounds the spans that Late returns.
const MaxLateSpans = 1_000
