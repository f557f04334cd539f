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

// A powerShell runs a script with arguments, and gives what it printed; nil where the system has none. Errors: those
// of running a program.
type powerShell func(ctx context.Context, script string, arguments ...string) ([]byte, error)

// onWindows is a check that needs Windows.
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

// powerShellHead begins every script. The culture makes decimal points of decimal commas; Argument gives the next
// argument.
const powerShellHead = `$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::InvariantCulture
try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }
function Argument { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadLine())) }
try {
`

// powerShellTail ends every script. The lines go past the host, which would break them at its width.
const powerShellTail = `
} catch {
  $rows = New-Object PSObject -Property @{ Name = '` + powerShellError + `'; Value = $_.Exception.Message; Type = 'string' }
}
$rows | Select-Object Name, Value, Type | ConvertTo-Csv | ForEach-Object { [Console]::Out.WriteLine($_) }
`

// encodePowerShell is a whole script, head and tail around it, in the form of powershell.exe's -EncodedCommand: base64 of UTF-16.
func encodePowerShell(script string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(powerShellHead + script + powerShellTail)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// powerShellInput are the arguments as the function Argument reads them, a line each: they are on no command line,
// where others could read a password, and no part of the script.
func powerShellInput(arguments []string) string {
	var b strings.Builder
	for _, a := range arguments {
		b.WriteString(base64.StdEncoding.EncodeToString([]byte(a)))
		b.WriteByte('\n')
	}
	return b.String()
}
