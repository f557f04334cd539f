package timer

import (
	"fmt"
	"os"
	"path/filepath"
)

// runProgram is the name of the program that makes runs only.
const runProgram = "virgo-run"

// Native returns the launchd of the system for root, otherwise that of the user.
func Native(root bool) Scheduler {
	if root {
		return Launchd{Domain: systemDomain, Path: "/Library/LaunchDaemons/virgo.plist"}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/var/empty" // where nothing can be written: Install says so
	}
	return Launchd{
		Domain: fmt.Sprintf("gui/%d", os.Getuid()),
		Path:   filepath.Join(home, "Library", "LaunchAgents", "virgo.plist"),
	}
}

// NativeSystemd returns false: macOS has no systemd.
func NativeSystemd(bool, string) (Scheduler, bool) { return nil, false }
