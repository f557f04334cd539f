//go:build unix

package main

import (
	"errors"
	"fmt"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/timer"
	"virgo/schedule/ownership"
)

// checkInstalled checks the program that the timer is going to start as the user who installs it: whoever
// can put another one in its place has what this user has. The runs check the files that they read.
func checkInstalled(_ func(string) string, c timer.Command, _ config.Paths) error {
	err := ownership.Check(c.Program)
	var fault *ownership.Fault
	if !errors.As(err, &fault) {
		return nil // a program that is missing is reported elsewhere
	}
	return agent.WithCode(agent.ExitUsage, agent.WithHint(
		fmt.Errorf("the timer would start %q: %w", c.Program, err),
		fault.Fix+"; or copy virgo and virgo-run to /usr/local/bin, and start `virgo install` there",
	))
}
