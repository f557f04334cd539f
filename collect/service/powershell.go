package service

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"

	"virgo/collect"
)

// A powerShell runs a script with arguments and returns its output; nil where the system has no
// PowerShell. Errors: those of running a program.
type powerShell func(ctx context.Context, script string, arguments ...string) ([]byte, error)

// onWindows returns a check that fails on other systems than Windows.
func onWindows(name string, ps powerShell, check collect.CheckerFunc) collect.Checker {
	return collect.CheckerFunc(func(ctx context.Context, req collect.Request) (collect.Report, error) {
		if err := ctx.Err(); err != nil {
			return collect.Report{}, err
		}
		if ps == nil {
			return collect.Report{}, errors.New(name + " available only on Windows platforms")
		}
		return check(ctx, req)
	})
}

// powerShellHead begins every script. The invariant culture prints decimal points; Argument returns
// the next argument.
const powerShellHead = `$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::InvariantCulture
try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }
function Argument { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadLine())) }
try {
`

// powerShellTail ends every script. Console.Out does not wrap lines at the host's width.
const powerShellTail = `
} catch {
  $rows = New-Object PSObject -Property @{
    Name = '` + powerShellError + `'; Value = $_.Exception.Message; Type = 'string'
  }
}
$rows | Select-Object Name, Value, Type | ConvertTo-Csv | ForEach-Object { [Console]::Out.WriteLine($_) }
`

// encodePowerShell returns a script with head and tail as powershell.exe's -EncodedCommand: base64
// of UTF-16.
func encodePowerShell(script string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(powerShellHead + script + powerShellTail)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// powerShellInput returns the arguments as the script's function Argument reads them, a line each:
// not on the command line, where others could read a password, and not as part of the script.
func powerShellInput(arguments []string) string {
	var b strings.Builder
	for _, a := range arguments {
		b.WriteString(base64.StdEncoding.EncodeToString([]byte(a)))
		b.WriteByte('\n')
	}
	return b.String()
}
