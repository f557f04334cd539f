package service

import (
	"context"
	"strings"

	"virgo/collect"
)

// A mssqlCounters is a check of one of SQL Server's performance objects (Microsoft Learn, "Use SQL Server Objects").
type mssqlCounters struct {
	name, summary string
	// counters is the path below the instance's objects.
	counters string
	telling  []string
}

func mssqlCounterTypes(ps powerShell) []collect.Type {
	var types []collect.Type
	for _, c := range []mssqlCounters{
		{"agent.mssql_buffer_manager", "buffer pool and checkpoints of a SQL Server", `Buffer Manager\*`,
			[]string{"buffer_cache_hit_ratio", "page_life_expectancy", "page_reads_per_sec", "page_writes_per_sec"}},
		{"agent.mssql_sql_statistics", "requests and compilations of a SQL Server", `SQL Statistics\*`,
			[]string{"batch_requests_per_sec", "sql_compilations_per_sec", "sql_re_compilations_per_sec"}},
		{"agent.mssql_memory_manager", "memory of a SQL Server", `Memory Manager\*`,
			[]string{"total_server_memory", "target_server_memory", "memory_grants_pending"}},
		{"agent.mssql_plan_cache", "cached plans of a SQL Server", `Plan Cache(*)\*`,
			[]string{"total_cache_hit_ratio", "total_cache_pages", "total_cache_object_counts"}},
	} {
		types = append(types, c.typ(ps))
	}
	return types
}

func (c mssqlCounters) typ(ps powerShell) collect.Type {
	return collect.Type{
		Name:    c.name,
		Summary: c.summary,
		Details: []collect.Detail{
			{Name: "serverinstance", Summary: "instance's name among the counters (MSSQL$SQLEXPRESS, else SQLServer, the default instance)"},
			{Name: "computer", Summary: "host that the server runs on (this one)"},
		},
		Telling: c.telling,
		Checker: onWindows(c.name, ps, func(ctx context.Context, req collect.Request) (collect.Report, error) {
			arguments := []string{c.counters}
			for _, key := range []string{"serverinstance", "computer"} {
				name, err := mssqlName(req.Check.Details, key)
				if err != nil {
					return collect.Report{}, err
				}
				arguments = append(arguments, name)
			}
			rows, err := runMSSQL(ctx, ps, mssqlCounterScript, append(arguments, "")...)
			return collect.Report{Metrics: mssqlCounterMetrics(rows)}, err
		}),
	}
}

const mssqlCounterScript = `
$counters = Argument
$instances = @(Argument | Where-Object { $_ })
if (-not $instances) { $instances = 'MSSQL$SQLEXPRESS', 'SQLServer' }
$options = @{}
$computer = Argument
if ($computer) { $options['ComputerName'] = $computer }
foreach ($instance in $instances) {
  try { $samples = (Get-Counter -Counter ('\' + $instance + ':' + $counters) -ErrorAction Stop @options).CounterSamples; $failed = $null; break } catch { $failed = $_ }
}
if ($failed) { throw $failed }
$rows = $samples | Select-Object @{ Name = 'Name'; Expression = { $_.Path } }, @{ Name = 'Value'; Expression = { $_.CookedValue } }, @{ Name = 'Type'; Expression = { 'int' } }
`

// mssqlCounterMetrics has a metric for each counter, a whole number whatever its fraction.
func mssqlCounterMetrics(rows []powerShellRow) []collect.Metric {
	var metrics []collect.Metric
	for _, row := range rows {
		name, unit := mssqlCounterName(row.name)
		if m, ok := powerShellMetric(name, row.value, collect.Int64, unit); ok {
			metrics = append(metrics, m)
		}
	}
	return metrics
}

// mssqlCounterName makes a metric's name of a counter's path, as the existing agent does: of
// \\host\mssql$sqlexpress:sql statistics\batch requests/sec it is batch_requests_per_sec, of
// \\host\sqlserver:plan cache(sql plans)\cache pages it is sql_plans_cache_pages, and of its (_total) total_cache_pages.
// The kilobytes that the counters of memory have in their names are their unit.
func mssqlCounterName(path string) (name, unit string) {
	instance, counter := "", path
	if i := strings.LastIndexByte(path, '\\'); i >= 0 {
		counter = path[i+1:]
		if object := path[:i]; strings.HasSuffix(object, ")") {
			if open := strings.LastIndexByte(object, '('); open >= 0 {
				instance = strings.TrimPrefix(object[open+1:len(object)-1], "_") + "_"
			}
		}
	}
	name = strings.NewReplacer("/", "_per_", " ", "_", "-", "_").Replace(strings.ToLower(instance + counter))
	if short, cut := strings.CutSuffix(name, "_(kb)"); cut {
		return short, "kilobytes"
	}
	return name, ""
}
