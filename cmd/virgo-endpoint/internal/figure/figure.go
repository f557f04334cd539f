package figure

// MaxLines bounds the lines of one frame; the next ones go into further frames.
const MaxLines = 8

// A Series is what is known of one series of numbers of a check.
type Series struct {
	// Dimension is empty where there is none.
	Dimension, Metric string
	// Type and Unit are as the check reports them ("gauge", "kilobytes").
	Type, Unit string
}

// A Frame is a plot without its points.
type Frame struct {
	// ID is distinct within the check, and the same as long as the check reports the same.
	ID string
	// Title is a few words, Sentence says what is seen. Dimension is that of all lines, empty where they differ.
	Title, Sentence, Dimension string
	// Unit is "percent", "bytes", "seconds", another unit in full, each with "/s" behind it if it is a rate; may be empty.
	Unit string
	// Min and Max bound the scale; nil where the values do.
	Min, Max *float64
	// Top is the series whose greatest value ends the scale, such as the memory of the host; nil if there is none.
	Top *Line
	// Lines are at least one.
	Lines []Line
	// Idle frames are left out while all their values are 0: a network interface that nobody uses.
	Idle bool
	// More is true for what is seen only on demand.
	More bool
}

// A Line is one line of a frame. Its value is Factor × (the sum of Add − the sum of Take) / the sum of Of.
type Line struct {
	Name string
	// Add, Take and Of are indices of the series. Take and Of may be empty.
	Add, Take, Of []int
	Factor        float64
	// Counter is true if values only grow: the line has their rate per second.
	Counter bool
}

// layout says how dimensions become frames.
type layout uint8

const (
	// across has one frame, with a line for each dimension; without it each dimension has a frame with a line for each metric.
	across layout = iota + 1
)

// A plot is a row of the table.
type plot struct {
	id, title, sentence string
	layout              layout
	// unit replaces that of the first line; factor is applied after units were made equal, 0 is 1.
	unit     string
	factor   float64
	min, max *float64
	// top is the metric of Frame.Top.
	top   string
	idle  bool
	lines []line
}

// A line is one line of a row: a metric, or a share of some.
type line struct {
	name string
	// add holds at least one metric.
	add, take, of []string
	counter       bool
}

// A kind is what is known of one check type.
type kind struct {
	plots []plot
	// gaugesCount is true where a metric of type gauge is a counter if no row says otherwise.
	gaugesCount bool
	// counters are further metrics that are counters.
	counters []string
	// hidden metrics have no plot: constants, or what others say better.
	hidden []string
}

func level(name, metric string) line { return line{name: name, add: []string{metric}} }

func counter(name, metric string) line { return line{name: name, add: []string{metric}, counter: true} }

// share is 100 × (add − take) / of.
func share(name string, add, take, of []string) line {
	return line{name: name, add: add, take: take, of: of}
}

func number(n float64) *float64 { return &n }

// percent is the scale of a share of a whole.
func percent(p plot) plot {
	p.min, p.max, p.unit = number(0), number(100), "percent"
	return p
}

// fromZero is a scale that begins at 0.
func fromZero(p plot) plot {
	p.min = number(0)
	return p
}

// kinds has the check types that are described.
func kinds(checkType string) (kind, bool) {
	for _, table := range []func(string) (kind, bool){hostKind, serviceKind, remoteKind} {
		if k, ok := table(checkType); ok {
			return k, true
		}
	}
	return kind{}, false
}
