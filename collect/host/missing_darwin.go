package host

// missingTypes returns the types that macOS does not have. Those of processors and disks need cgo.
func missingTypes() []string {
	return []string{"agent.cpu", "agent.disk", "agent.filesystem_state", "agent.systemd"}
}
