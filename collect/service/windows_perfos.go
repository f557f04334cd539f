package service

import (
	"context"
	"strings"

	"virgo/collect"
)

func windowsPerfOSType(ps powerShell) collect.Type {
	const name = "agent.windows_perfos"
	return collect.Type{
		Name:       name,
		Summary:    "processes, threads, processor queue, system calls and file operations of Windows",
		KeyMetrics: []string{"Processes", "Threads", "ProcessorQueueLength", "ContextSwitchesPersec", "SystemUpTime"},
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

// windowsPerfOSScript lists the properties of a WMI class (Microsoft Learn,
// Win32_PerfFormattedData_PerfOS_System).
const windowsPerfOSScript = `$rows = (Get-WmiObject Win32_PerfFormattedData_PerfOS_System).Properties`

// windowsPerfOSMetrics returns a metric for each property, except those that describe the counters
// themselves.
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
		if m, ok := powerShellMetric(row.name, row.value, metricTypeOfCIM(row.kind), ""); ok {
			metrics = append(metrics, m)
		}
	}
	return metrics
}

// metricTypeOfCIM returns the metric type for a CIM type.
func metricTypeOfCIM(kind string) collect.MetricType {
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
