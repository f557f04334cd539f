package config

import "strings"

// machineID reads machine-id(5), or the older file of D-Bus. It is empty if neither exists, or on
// an image that was never booted ("uninitialized").
func machineID() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if b, _, err := readAnyones(path, 1<<10); err == nil {
			if id := strings.TrimSpace(string(b)); id != "" && id != "uninitialized" {
				return id
			}
		}
	}
	return ""
}
