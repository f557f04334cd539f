package host

// missingParts returns what macOS does not count of what the types report.
func missingParts() map[string]string {
	return map[string]string{
		"agent.cpu":     "wait, irq and stolen time",
		"agent.disk":    "volumes of APFS, and the time that a disk was busy",
		"agent.network": "overruns, frame and carrier errors, collisions",
	}
}

// missingTypes returns the types that macOS does not have.
func missingTypes() []string {
	return []string{"agent.filesystem_state", "agent.systemd"}
}
