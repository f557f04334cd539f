//go:build !linux && !darwin

package config

import "github.com/shirou/gopsutil/v3/host"

// machineID returns the system's id of the machine; empty if it has none.
func machineID() string {
	id, err := host.HostID()
	if err != nil {
		return ""
	}
	return id
}
