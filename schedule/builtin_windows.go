package schedule

// missingTypes returns the types of the built-in schedule that Windows does not have.
func missingTypes() []string { return []string{"agent.load_average"} }
