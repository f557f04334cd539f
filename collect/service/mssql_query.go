package service

import (
	"context"
	"errors"
	"strings"

	"virgo/collect"
	"virgo/schedule"
)

// mssqlDetails are those of the checks that ask SQL Server itself.
func mssqlDetails() []collect.Detail {
	return []collect.Detail{
		{Name: "serverinstance", Summary: `instance to ask, for example HOST\NAME (the local SQLEXPRESS, else the default one)`},
		{Name: "hostname", Summary: "name of this host to tell the server"},
		{Name: "username", Summary: "who to log in as (the user that the agent runs as)"},
		{Name: "password", Summary: "password to log in with"},
	}
}

func mssqlVersionType(ps powerShell) collect.Type {
	const name = "agent.mssql_version"
	return collect.Type{
		Name:    name,
		Summary: "version, service pack and edition of a SQL Server",
		Details: mssqlDetails(),
		Telling: []string{"ProductVersion", "ProductLevel", "Edition"},
		Checker: onWindows(name, ps, func(ctx context.Context, req collect.Request) (collect.Report, error) {
			rows, err := queryMSSQL(ctx, ps, req.Check.Details, mssqlVersionQuery, "")
			return collect.Report{Metrics: mssqlMetrics(rows)}, err
		}),
	}
}

func mssqlDatabaseType(ps powerShell) collect.Type {
	const name = "agent.mssql_database"
	return collect.Type{
		Name:    name,
		Summary: "state, recovery model and size of a database of a SQL Server",
		Details: append(mssqlDetails(), collect.Detail{Name: "db", Summary: "name of the database", Required: true}),
		Telling: []string{"state_desc", "recovery_model_desc", "size"},
		Checker: onWindows(name, ps, func(ctx context.Context, req collect.Request) (collect.Report, error) {
			db, err := mssqlDatabase(req.Check.Details)
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

// mssqlDatabaseQuery: @db stands for the name as a literal of SQL's.
const mssqlDatabaseQuery = `SELECT v.Name, v.Value, v.Type FROM sys.databases AS d CROSS APPLY (VALUES
  ('state_desc', CONVERT(nvarchar(60), d.state_desc), 'string'),
  ('recovery_model_desc', CONVERT(nvarchar(60), d.recovery_model_desc), 'string'),
  ('page_verify_option_desc', CONVERT(nvarchar(60), d.page_verify_option_desc), 'string'),
  ('state', CONVERT(nvarchar(60), d.state), 'int'),
  ('recovery_model', CONVERT(nvarchar(60), d.recovery_model), 'int'),
  ('page_verify_option', CONVERT(nvarchar(60), d.page_verify_option), 'int')) AS v (Name, Value, Type) WHERE d.name = @db
UNION ALL SELECT v.Name, v.Value, v.Type FROM sys.master_files AS f CROSS APPLY (VALUES
  ('size', CONVERT(nvarchar(60), f.size), 'int'),
  ('growth', CONVERT(nvarchar(60), f.growth), 'int')) AS v (Name, Value, Type) WHERE f.database_id = DB_ID(@db) AND f.file_id = 1`

// mssqlQueryScript runs a query by Invoke-Sqlcmd, which comes as a snap-in with SQL Server 2008 and as a module
// since. A server whose certificate is its own is taken only where it is the local one.
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
  try { $rows = @(Invoke-Sqlcmd -ServerInstance $instance -ErrorAction Stop @options); $failed = $null; break } catch { $failed = $_ }
}
if ($failed) { throw $failed }
`

// queryMSSQL runs a query about a database (or "") on the instance of the details.
func queryMSSQL(ctx context.Context, ps powerShell, d schedule.Details, query, db string) ([]powerShellRow, error) {
	instance, err := mssqlName(d, "serverinstance")
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

// runMSSQL runs a script whose last argument may be a password, which is in no error.
func runMSSQL(ctx context.Context, ps powerShell, script string, arguments ...string) ([]powerShellRow, error) {
	out, err := ps(ctx, script, arguments...)
	var rows []powerShellRow
	if err == nil {
		rows, err = parsePowerShell(out)
	}
	if err != nil && ctx.Err() == nil {
		return nil, &faultError{hide(err.Error(), arguments[len(arguments)-1]), err}
	}
	return rows, err
}

// mssqlMetrics has a metric for each row: "int" is a whole number, all else a text.
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
