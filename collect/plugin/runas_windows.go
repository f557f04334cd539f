package plugin

// identify finds nobody: another user's password would be needed.
func identify(string, string) (*identity, error) {
	return nil, failed(`detail "run_as": it is not supported on Windows`)
}
