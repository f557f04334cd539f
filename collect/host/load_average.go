package host

import "virgo/collect"

func loadAverageType(t tree) collect.Type {
	return collect.Type{
		Name:       "agent.load_average",
		Summary:    "load average over 1, 5 and 15 minutes",
		KeyMetrics: []string{"1m", "5m", "15m"},
		KernelOnly: true,
		Checker:    loadAverage{tree: t},
	}
}

type loadAverage struct{ tree tree }
