package config

import (
	"os"
	"strings"
)

// machineID reads machine-id(5), or the older file of D-Bus; empty where a host has neither.
func machineID() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if b, err := os.ReadFile(path); err == nil {
			if id := strings.TrimSpace(string(b)); id != "" {
				return id
			}
		}
	}
	return ""
}
