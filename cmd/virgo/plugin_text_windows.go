package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/collect/plugin"
)

// withPluginSuffix adds .ps1, since the plugin is a PowerShell script.
func withPluginSuffix(name string) (string, error) {
	switch ext := filepath.Ext(name); {
	case strings.EqualFold(ext, ".ps1"):
		return name, nil
	case ext == "":
		return name + ".ps1", nil
	}
	return "", agent.UsageError("%q does not end in .ps1, and %s runs a PowerShell script by that only", name, plugin.TypeName)
}

// pluginText returns a plugin that prints the format.
func pluginText(format string) string {
	return strings.ReplaceAll(fmt.Sprintf(`# How full a drive is. Argument: its letter; C where there is none.
param([string]$letter = 'C')
$drive = New-Object System.IO.DriveInfo $letter
if (-not $drive.IsReady) { exit 3 }
$used = $drive.TotalSize - $drive.TotalFreeSpace
$percent = [math]::Floor(100 * $used / $drive.TotalSize)
%s`, pluginOutput(format)), "\n", "\r\n")
}

// pluginOutput returns the part of the plugin that prints the format.
func pluginOutput(format string) string {
	switch format {
	case "nagios":
		return `# STATE TEXT | label=value[unit];warn;crit;min;max, and the exit code 0 ok, 1 warning, 2 critical, 3 unknown.
$code = 0
if ($percent -ge 80) { $code = 1 }
if ($percent -ge 90) { $code = 2 }
$word = @('OK', 'WARNING', 'CRITICAL')[$code]
"DISK $word - $percent% of $letter used | percent=$percent%;80;90;0;100 used=$($used)B"
exit $code
`
	case "checkmk":
		return `# STATE "NAME" metric=value;warn;crit|metric=value TEXT, where STATE is 0, 1, 2, 3, or P: by the levels.
"P ""Drive $letter"" percent=$percent;80;90;0;100|used=$used $percent% used"
`
	case "prometheus":
		return `# NAME{label="value",...} VALUE, with TYPE and HELP lines before.
'# HELP drive_used_bytes Bytes in use.'
'# TYPE drive_used_bytes gauge'
"drive_used_bytes{drive=""$letter""} $used"
`
	case "influx":
		return `# MEASUREMENT,tag=value field=value,field=value: an integer ends in i.
"drive,letter=$letter percent=$percent,used=$($used)i"
`
	case "json":
		return `# An object; its members are the metrics.
"{""drive"": ""$letter"", ""percent"": $percent, ""used"": $used}"
`
	}
	return `# status TEXT, state available|unavailable, metric NAME TYPE VALUE [UNIT]
"status $percent% of $letter used"
"metric percent double $percent percent"
"metric used uint64 $used bytes"
`
}
