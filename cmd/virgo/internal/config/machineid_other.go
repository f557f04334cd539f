//go:build !linux

package config

import "github.com/shirou/gopsutil/v3/host"

// machineID is the system's own id of the machine; empty where it tells none.
func machineID() string {
	id, err := host.HostID()
	if err != nil {
		return ""
	}
	return id
}
