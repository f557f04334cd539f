package service

import (
	"context"

	"virgo/collect/program"
)

// newPowerShell returns Windows PowerShell, which every Windows has.
func newPowerShell() powerShell {
	return func(ctx context.Context, script string, arguments ...string) ([]byte, error) {
		return program.Feed(ctx, powerShellInput(arguments), "powershell.exe",
			"-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass",
			"-EncodedCommand", encodePowerShell(script))
	}
}
