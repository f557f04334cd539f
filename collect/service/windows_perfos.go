package service

import (
	"context"
	"strings"

	"virgo/collect"
)

func windowsPerfOSType(ps powerShell) collect.Type {
	const name = "agent.windows_perfos"
	return collect.Type{
		Name:    name,
		Summary: "processes, threads, queue, calls and files of Windows as a whole",
		Telling: []string{"Processes", "Threads", "ProcessorQueueLength", "ContextSwitchesPersec", "SystemUpTime"},
		Checker: onWindows(name, ps, func(ctx context.Context, _ collect.Request) (collect.Report, error) {
			out, err := ps(ctx, windowsPerfOSScript)
			if err != nil {
				return collect.Report{}, err
			}
			rows, err := parsePowerShell(out)
			return collect.Report{Metrics: windowsPerfOSMetrics(rows)}, err
		}),
	}
}

// windowsPerfOSScript lists the properties of a WMI class (Microsoft Learn, Win32_PerfFormattedData_PerfOS_System).
const windowsPerfOSScript = `$rows = (Get-WmiObject Win32_PerfFormattedData_PerfOS_System).Properties`

// windowsPerfOSMetrics has a metric for each property, named as it, but for those that say what and when was counted.
func windowsPerfOSMetrics(rows []powerShellRow) []collect.Metric {
	var metrics []collect.Metric
	for _, row := range rows {
		switch row.name {
		case "Caption", "Description", "Name":
			continue
		}
		if strings.HasPrefix(row.name, "Frequency_") || strings.HasPrefix(row.name, "Timestamp_") {
			continue
		}
		if m, ok := powerShellMetric(row.name, row.value, cimType(row.kind), ""); ok {
			metrics = append(metrics, m)
		}
	}
	return metrics
}

// cimType is the metric type of a property of WMI's.
func cimType(kind string) collect.MetricType {
	switch strings.ToLower(kind) {
	case "uint8", "uint16", "uint32":
		return collect.Uint32
	case "uint64":
		return collect.Uint64
	case "sint8", "sint16", "sint32":
		return collect.Int32
	case "sint64":
		return collect.Int64
	case "real32", "real64":
		return collect.Double
	}
	return collect.String
}
