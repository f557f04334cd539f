package host

import "virgo/collect"

func loadAverageType(t tree) collect.Type {
	return collect.Type{
		Name:    "agent.load_average",
		Summary: "processes that run or wait to, on average over 1, 5 and 15 minutes",
		Telling: []string{"1m", "5m", "15m"},
		Checker: loadAverage{tree: t},
	}
}

type loadAverage struct{ tree tree }
