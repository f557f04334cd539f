package collect

import "strings"

// A Figure is what a person wants to see of a result: a metric, or what is computed from metrics.
type Figure struct {
	Metric string
	// Of are the metrics whose sum is 100 %, of which Metric is shown as a percentage; empty: it is
	// shown as it is.
	Of []string
	// PerSecond means the increase of Metric per second since the previous result. It is for metrics
	// that count from boot or from the start of a service.
	PerSecond bool
}

// ParseFigure parses an element of [Type.KeyMetrics]: "name", "name/s" for an increase per second, or
// "name%a+b" for a percentage of a plus b.
func ParseFigure(text string) Figure {
	if name, ok := strings.CutSuffix(text, "/s"); ok {
		return Figure{Metric: name, PerSecond: true}
	}
	if name, of, ok := strings.Cut(text, "%"); ok {
		return Figure{Metric: name, Of: strings.Split(of, "+")}
	}
	return Figure{Metric: text}
}
