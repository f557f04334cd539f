//go:build unix

package timer

import "path/filepath"

// Native is what this system has everywhere: the crontab.
func Native() Timetable { return Crontab{} }

// NativeSystemd is the systemd of the system for root, else of the user whose configuration lies in
// configHome.
func NativeSystemd(root bool, configHome string) (Timetable, bool) {
	if root {
		return Systemd{Dir: "/etc/systemd/system"}, true
	}
	return Systemd{Dir: filepath.Join(configHome, "systemd", "user"), User: true}, true
}
