package main

import (
	"fmt"
	"slices"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
)

// leastSummary is the narrowest summary of a result, most the number of metrics where no terminal bounds it.
const (
	leastSummary = 24
	mostMetrics  = 3
)

// summary is what a result says, in width columns of text: its status if that says more than success, then
// as many metrics as fit, and how many more there are. With a metric's name it is that metric alone, of all
// dimensions. Width 0 is without bound.
func summary(r *intake.Result, metric string, width int) string {
	metrics, err := intake.Metrics(r.Params)
	if err != nil {
		metrics = nil
	}
	first := telling(r.CheckType)
	slices.SortStableFunc(metrics, func(a, b intake.Metric) int { return place(first, a.Name) - place(first, b.Name) })
	var parts []string
	if r.Status != "success" && r.Status != "" && metric == "" {
		parts = append(parts, r.Status)
	}
	for _, m := range metrics {
		if metric == "" || m.Name == metric {
			parts = append(parts, valueText(m, metric != ""))
		}
	}
	most := len(parts)
	if width == 0 {
		most = min(most, mostMetrics)
	}
	for ; most > 1; most-- {
		if text := joined(parts, most); width == 0 || term.TextWidth(text) <= width {
			return text
		}
	}
	return dash(joined(parts, most))
}

// telling are the metrics of a type of check that say most, as far as a person looks for them first.
func telling(checkType string) []string {
	switch checkType {
	case "agent.cpu":
		return []string{"usage_average", "wait_percent_average", "max_cpu_usage"}
	case "agent.memory":
		return []string{"actual_used", "actual_free", "total", "swap_used"}
	case "agent.filesystem":
		return []string{"avail", "used", "total"}
	case "agent.filesystem_state":
		return []string{"total_ro", "devices_ro"}
	case "agent.load_average":
		return []string{"1m", "5m", "15m"}
	case "agent.network":
		return []string{"rx_bytes", "tx_bytes", "rx_errors", "tx_errors"}
	case "agent.disk":
		return []string{"read_bytes", "write_bytes", "queue"}
	case "agent.process":
		return []string{"count", "cpu_percent", "rss"}
	case "agent.virgo":
		return []string{"spool_results", "spool_oldest_age", "last_delivery_age"}
	case "remote.http":
		return []string{"code", "duration", "cert_end_in"}
	case "remote.tcp", "remote.dns":
		return []string{"duration", "answer", "count"}
	case "remote.ping":
		return []string{"available", "average"}
	}
	return nil
}

// place is a metric's place by first; what is not in it comes after all.
func place(first []string, metric string) int {
	if i := slices.Index(first, metric); i >= 0 {
		return i
	}
	return len(first)
}

// joined joins the first parts, and says how many more there are.
func joined(parts []string, shown int) string {
	text := strings.Join(parts[:shown], ", ")
	if more := len(parts) - shown; more > 0 {
		text += fmt.Sprintf(", +%d", more)
	}
	return text
}

// valueText is a metric as a table shows it: "eth0 rx_bytes 1.5 GiB", or without its name.
func valueText(m intake.Metric, nameless bool) string {
	const longest = 60
	text := term.Value(m.Type, m.Value, m.Unit)
	if m.Type == "string" {
		text = fmt.Sprintf("%q", shorttext.Shorten(text, longest))
	}
	if !nameless {
		text = m.Name + " " + text
	}
	if m.Dimension != "" {
		text = m.Dimension + " " + text
	}
	// A line is not to end within a value.
	return strings.ReplaceAll(shorttext.Shorten(text, 2*longest), " ", "\u00a0")
}
