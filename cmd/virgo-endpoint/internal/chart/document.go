package chart

import (
	"math"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// A Document has all plots of a host. Times are milliseconds since the Unix epoch.
type Document struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	AgentID       string `json:"agent_id" doc:"The agent's id."`
	From          int64  `json:"from_ms" doc:"The begin of what was asked for."`
	To            int64  `json:"to_ms" doc:"Its end."`
	First         int64  `json:"first_ms" doc:"Where the axis of time begins: from_ms, or the first point of a history that begins later."`
	Step          int64  `json:"step_ms" doc:"0: a point for each result; else the span that a point is for."`
	Plots         []Plot `json:"plots" nullable:"false" doc:"In the order in which they are shown."`
	// More is the number of plots that were not asked for.
	More    int      `json:"more" doc:"Number of plots of less important metrics that are left out: ask with more=true."`
	LeftOut []string `json:"left_out" nullable:"false" doc:"Checks of which plots are left out, because there are more series than one answer can have."`
}

// A Plot is some lines over the same times.
type Plot struct {
	ID        string      `json:"id" doc:"Distinct within the host."`
	CheckID   string      `json:"check_id" doc:"The check's id."`
	CheckType string      `json:"check_type" doc:"The check's type."`
	Title     string      `json:"title" doc:"A few words."`
	Sentence  string      `json:"sentence" doc:"What is seen."`
	Dimension string      `json:"dimension" doc:"That of all lines; empty where they differ or have none."`
	Unit      string      `json:"unit" doc:"percent, bytes, seconds or another one; with /s behind it for a rate; may be empty."`
	Min       *float64    `json:"min" doc:"The begin of a fixed scale; null where the values decide."`
	Max       *float64    `json:"max" doc:"Its end."`
	X         Times       `json:"x" doc:"The times of the points: the first in ms since the Unix epoch, each other as its distance from the one before."`
	Lines     []Line      `json:"series" nullable:"false" doc:"The lines."`
	Late      [][2]int    `json:"late" nullable:"false" doc:"First and last index of points that came late."`
	Limits    []Threshold `json:"thresholds" nullable:"false" doc:"Where alarms begin."`
}

// A Line is one line of a plot.
type Line struct {
	Name      string  `json:"name" doc:"A few words."`
	Dimension string  `json:"dimension" doc:"The dimension of its metric; may be empty."`
	Metric    string  `json:"metric" doc:"The metric that it shows, or the first of those that it is computed from."`
	Y         Numbers `json:"y" doc:"A value for each time; null where no line is to be drawn."`
	Lo        Numbers `json:"lo,omitempty" doc:"The least value of the span of each point; absent where points have none."`
	Hi        Numbers `json:"hi,omitempty" doc:"The greatest."`
}

// A Threshold is where an alarm begins.
type Threshold struct {
	Value float64 `json:"value" doc:"In the unit of the plot."`
	Above bool    `json:"above" doc:"The alarm is above the line."`
	State string  `json:"state" doc:"WARNING or CRITICAL."`
	Rule  string  `json:"rule" doc:"The alarm's name."`
}

// Times are in ms since the Unix epoch, ascending. As JSON they are differences.
type Times []int64

// MarshalJSON implements json.Marshaler.
func (t Times) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 16+6*len(t))
	out = append(out, '[')
	var before int64
	for i, at := range t {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, at-before, 10)
		before = at
	}
	return append(out, ']'), nil
}

// Schema implements huma.SchemaProvider.
func (Times) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeInteger, Format: "int64"}}
}

// Numbers are values; NaN stands for none, and is null in JSON.
type Numbers []float64

// MarshalJSON implements json.Marshaler.
func (n Numbers) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 2+6*len(n))
	out = append(out, '[')
	for i, v := range n {
		if i > 0 {
			out = append(out, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			out = append(out, "null"...)
			continue
		}
		format := byte('f')
		if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
			format = 'e'
		}
		out = strconv.AppendFloat(out, v, format, -1, 64)
	}
	return append(out, ']'), nil
}

// Schema implements huma.SchemaProvider.
func (Numbers) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeNumber, Nullable: true}}
}

// rounder returns a function that rounds to a power of ten which is less than a 2,000th of a scale.
func rounder(scale float64) func(float64) float64 {
	if !(scale > 0) || math.IsInf(scale, 0) {
		return func(v float64) float64 { return v }
	}
	digits := math.Floor(math.Log10(scale / 2000))
	if digits > 300 || digits < -300 {
		return func(v float64) float64 { return v }
	}
	if digits >= 0 { // a quantum below 1 is no exact number, its inverse is
		quantum := math.Pow(10, digits)
		return func(v float64) float64 { return math.Round(v/quantum) * quantum }
	}
	inverse := math.Pow(10, -digits)
	return func(v float64) float64 { return math.Round(v*inverse) / inverse }
}
