package config

import (
	"context"

	"virgo/collect/macos"
)

// machineID returns the id of the hardware; empty if it is not known.
func machineID() string {
	id, err := macos.MachineID(context.Background())
	if err != nil {
		return ""
	}
	return id
}
