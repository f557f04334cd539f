package host

// missingTypes returns no type: Linux has all.
func missingTypes() []string { return nil }
