package config

import "testing"

// checkFileIsPrivate does nothing: a mode does not show access control lists.
func checkFileIsPrivate(*testing.T, string) {}
