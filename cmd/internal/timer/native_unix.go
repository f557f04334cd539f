//go:build unix && !darwin

package timer

import "path/filepath"

// runProgram is the name of the program that makes runs only.
const runProgram = "virgo-run"

// Native returns the scheduler that all such systems have: the crontab. root is the user root's.
func Native(root bool) Scheduler {
	if root {
		return Crontab{Fallback: "/etc/cron.d/virgo"}
	}
	return Crontab{}
}

// NativeSystemd returns the systemd of the system for root, otherwise that of the user whose
// configuration is in configHome.
func NativeSystemd(root bool, configHome string) (Scheduler, bool) {
	if root {
		return Systemd{Dir: "/etc/systemd/system"}, true
	}
	return Systemd{Dir: filepath.Join(configHome, "systemd", "user"), User: true}, true
}
