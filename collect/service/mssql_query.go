package service

import (
	"context"
	"errors"
	"strings"

	"virgo/collect"
	"virgo/schedule"
)

// mssqlDetails describes the details of the checks that query SQL Server.
func mssqlDetails() []collect.Detail {
	return []collect.Detail{
		{Name: "serverinstance", Role: schedule.Instance,
			Summary: `instance to query, for example HOST\NAME (the local SQLEXPRESS, else the default one)`},
		{Name: "hostname", Role: schedule.Other, Summary: "workstation name to report to the server"},
		{Name: "username", Role: schedule.Other, Summary: "user to log in as (the agent's user)"},
		{Name: "password", Role: schedule.Secret, Summary: "password to log in with"},
	}
}

func mssqlVersionType(ps powerShell) collect.Type {
	const name = "agent.mssql_version"
	return collect.Type{
		Name:       name,
		Summary:    "version, service pack and edition of a SQL Server",
		Details:    mssqlDetails(),
		KeyMetrics: []string{"ProductVersion", "ProductLevel", "Edition"},
		Checker: onWindows(name, ps, func(ctx context.Context, req collect.Request) (collect.Report, error) {
			rows, err := queryMSSQL(ctx, ps, req.Check.Details, mssqlVersionQuery, "")
			return collect.Report{Metrics: mssqlMetrics(rows)}, err
		}),
	}
}

func mssqlDatabaseType(ps powerShell) collect.Type {
	const name = "agent.mssql_database"
	return collect.Type{
		Name:       name,
		Summary:    "state, recovery model and size of a database of a SQL Server",
		Details:    append(mssqlDetails(), collect.Detail{Name: "db", Role: schedule.Other, Summary: "name of the database", Required: true}),
		KeyMetrics: []string{"state_desc", "recovery_model_desc", "size"},
		Checker: onWindows(name, ps, func(ctx context.Context, req collect.Request) (collect.Report, error) {
			db, err := readMSSQLDatabase(req.Check.Details)
			if err != nil {
				return collect.Report{}, err
			}
			rows, err := queryMSSQL(ctx, ps, req.Check.Details, mssqlDatabaseQuery, db)
			if err == nil && len(rows) == 0 {
				err = errors.New("No such database: " + db)
			}
			return collect.Report{Metrics: mssqlMetrics(rows)}, err
		}),
	}
}

const mssqlVersionQuery = `SELECT Name, CONVERT(nvarchar(128), SERVERPROPERTY(Name)) AS Value, 'string' AS Type
FROM (VALUES ('ProductVersion'), ('ProductLevel'), ('Edition')) AS properties (Name)`

// mssqlDatabaseQuery has @db in place of the name, which mssqlQueryScript inserts as an SQL
// literal.
const mssqlDatabaseQuery = `SELECT v.Name, v.Value, v.Type FROM sys.databases AS d CROSS APPLY (VALUES
  ('state_desc', CONVERT(nvarchar(60), d.state_desc), 'string'),
  ('recovery_model_desc', CONVERT(nvarchar(60), d.recovery_model_desc), 'string'),
  ('page_verify_option_desc', CONVERT(nvarchar(60), d.page_verify_option_desc), 'string'),
  ('state', CONVERT(nvarchar(60), d.state), 'int'),
  ('recovery_model', CONVERT(nvarchar(60), d.recovery_model), 'int'),
  ('page_verify_option', CONVERT(nvarchar(60), d.page_verify_option), 'int')) AS v (Name, Value, Type)
WHERE d.name = @db
UNION ALL SELECT v.Name, v.Value, v.Type FROM sys.master_files AS f CROSS APPLY (VALUES
  ('size', CONVERT(nvarchar(60), f.size), 'int'),
  ('growth', CONVERT(nvarchar(60), f.growth), 'int')) AS v (Name, Value, Type)
WHERE f.database_id = DB_ID(@db) AND f.file_id = 1`

// mssqlQueryScript runs a query with Invoke-Sqlcmd, a snap-in in SQL Server 2008 and a module
// since. A self-signed certificate is accepted only from the local server.
const mssqlQueryScript = `
$query = (Argument).Replace('@db', "N'" + (Argument).Replace("'", "''") + "'")
$instances = @(Argument | Where-Object { $_ })
$options = @{ Query = $query; QueryTimeout = 30; DisableVariables = $true }
foreach ($name in 'HostName', 'Username', 'Password') { $value = Argument; if ($value) { $options[$name] = $value } }
Add-PSSnapin sqlservercmdletsnapin100 -ErrorAction SilentlyContinue
$command = Get-Command Invoke-Sqlcmd -ErrorAction SilentlyContinue
if (-not $command) { throw 'Invoke-SqlCmd not found' }
if (-not $instances) {
  $instances = 'localhost\sqlexpress', 'localhost'
  if ($command.Parameters.ContainsKey('TrustServerCertificate')) { $options['TrustServerCertificate'] = $true }
}
foreach ($instance in $instances) {
  try {
    $rows = @(Invoke-Sqlcmd -ServerInstance $instance -ErrorAction Stop @options)
    $failed = $null
    break
  } catch { $failed = $_ }
}
if ($failed) { throw $failed }
`

// queryMSSQL runs a query on the instance of the details; db replaces @db, and may be empty.
func queryMSSQL(ctx context.Context, ps powerShell, d schedule.Details, query, db string) ([]powerShellRow, error) {
	instance, err := readMSSQLName(d, "serverinstance")
	if err != nil {
		return nil, err
	}
	arguments := []string{query, db, instance}
	for _, key := range []string{"hostname", "username", "password"} {
		text, err := collect.OptionalText(d, key)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, text)
	}
	return runMSSQL(ctx, ps, mssqlQueryScript, arguments...)
}

// runMSSQL runs a script whose last argument may be a password, which errors never show.
func runMSSQL(ctx context.Context, ps powerShell, script string, arguments ...string) ([]powerShellRow, error) {
	out, err := ps(ctx, script, arguments...)
	var rows []powerShellRow
	if err == nil {
		rows, err = parsePowerShell(out)
	}
	if err != nil && ctx.Err() == nil {
		return nil, &statusError{redact(err.Error(), arguments[len(arguments)-1]), err}
	}
	return rows, err
}

// mssqlMetrics returns a metric for each row: an integer where its type is "int", else a string.
func mssqlMetrics(rows []powerShellRow) []collect.Metric {
	var metrics []collect.Metric
	for _, row := range rows {
		kind := collect.String
		if strings.EqualFold(row.kind, "int") {
			kind = collect.Int64
		}
		if m, ok := powerShellMetric(row.name, row.value, kind, ""); ok {
			metrics = append(metrics, m)
		}
	}
	return metrics
}
