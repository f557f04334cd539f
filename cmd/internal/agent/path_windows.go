package agent

// withSystemPath returns its argument: services, tasks and terminals have the system's PATH.
func withSystemPath(environ []string) []string { return environ }
