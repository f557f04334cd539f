package plugin

// lookupIdentity fails: running as another user needs that user's password.
func lookupIdentity(string, string) (*identity, error) {
	return nil, failuref(`detail "run_as": not supported on Windows`)
}
