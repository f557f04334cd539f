package host

// missingTypes returns the types that Windows does not have.
func missingTypes() []string {
	return []string{"agent.load_average", "agent.filesystem_state", "agent.systemd"}
}
