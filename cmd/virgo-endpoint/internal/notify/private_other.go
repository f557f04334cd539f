//go:build !unix

package notify

// private accepts every file that is trusted: its access list is its owner's decision.
func private(string) error { return nil }
