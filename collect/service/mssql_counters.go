package service

import (
	"context"
	"strings"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// An mssqlCounters is a check of one of SQL Server's performance objects (Microsoft Learn, "Use SQL
// Server Objects").
type mssqlCounters struct {
	name, summary string
	// counters is the path of the counters below the instance.
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
			{Name: "serverinstance", Role: schedule.Other,
				Summary: "the instance's name in the counters' paths (MSSQL$SQLEXPRESS, else SQLServer)"},
			{Name: "computer", Role: schedule.Host, Summary: "host that the server runs on (this host)"},
		},
		KeyMetrics: c.telling,
		Checker: onWindows(c.name, ps, func(ctx context.Context, req collect.Request) (collect.Report, error) {
			arguments := []string{c.counters}
			for _, key := range []string{"serverinstance", "computer"} {
				name, err := readMSSQLName(req.Check.Details, key)
				if err != nil {
					return collect.Report{}, err
				}
				arguments = append(arguments, name)
			}
			if name := arguments[1]; strings.ContainsRune(name, '\\') { // \\HOST\… is a path to another host
				return collect.Report{}, &schedule.DetailError{Key: "serverinstance",
					Value: shorttext.Truncate(name, maxShownBytes), Want: "a name of an instance in the counters' paths"}
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
  $path = '\' + $instance + ':' + $counters
  try {
    $samples = (Get-Counter -Counter $path -ErrorAction Stop @options).CounterSamples
    $failed = $null
    break
  } catch { $failed = $_ }
}
if ($failed) { throw $failed }
$rows = $samples | Select-Object @{ Name = 'Name'; Expression = { $_.Path } },
  @{ Name = 'Value'; Expression = { $_.CookedValue } }, @{ Name = 'Type'; Expression = { 'int' } }
`

// mssqlCounterMetrics returns a metric for each counter, rounded to an integer.
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

// mssqlCounterName returns the metric's name for a counter's path, as the original agent does:
//
//	\\host\mssql$sqlexpress:sql statistics\batch requests/sec: batch_requests_per_sec
//	\\host\sqlserver:plan cache(sql plans)\cache pages: sql_plans_cache_pages
//	\\host\sqlserver:plan cache(_total)\cache pages: total_cache_pages
//
// "(KB)" at the end of a counter's name is its unit.
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
	if short, found := strings.CutSuffix(name, "_(kb)"); found {
		return short, "kilobytes"
	}
	return name, ""
}
