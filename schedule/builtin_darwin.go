package schedule

// missingTypes returns the types of the built-in schedule that macOS does not have without cgo.
func missingTypes() []string { return []string{"agent.cpu", "agent.disk"} }
