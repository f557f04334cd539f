//go:build !darwin

package host

// missingParts returns nothing: what these systems do not count is in the types' comments.
func missingParts() map[string]string { return nil }
