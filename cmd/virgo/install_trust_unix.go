//go:build unix

package main

import (
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/timer"
)

// checkInstalled has nothing to do: the timers of Unix start the program as the user who installs it.
func checkInstalled(func(string) string, timer.Command, config.Paths) error { return nil }
