//go:build unix

package agent

// ProtectFolder has nothing to do: a folder has had its mode since it was made.
func (*Program) ProtectFolder() {}

// makeState leaves the making of the state folder to the spool.
func makeState(string) error { return nil }
