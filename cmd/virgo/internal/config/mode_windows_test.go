package config

import "testing"

// checkOwnersAlone has nothing to see in a mode here.
func checkOwnersAlone(*testing.T, string) {}
