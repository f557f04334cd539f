//go:build !linux && !windows && !darwin

package host

// missingTypes returns the types that these systems do not have.
func missingTypes() []string { return []string{"agent.filesystem_state", "agent.systemd"} }
