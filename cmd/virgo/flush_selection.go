package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/run"
	"virgo/schedule"
)

// flushSelection says which waiting results flush delivers, and in which order.
type flushSelection struct {
	Order  string        `enum:"oldest,newest" default:"oldest" placeholder:"oldest|newest" help:"Deliver the oldest results first (default), or the newest."`
	MaxAge *longDuration `placeholder:"TIME" help:"Deliver only results that are younger than TIME (90m, 2d)."`
}

// A longDuration is a duration in the form of the configuration: 90m, 2d.
type longDuration time.Duration

// UnmarshalText parses a duration longer than 0.
func (d *longDuration) UnmarshalText(text []byte) error {
	parsed, err := schedule.ParseDuration(string(text))
	if err != nil || parsed <= 0 {
		return fmt.Errorf("%.64q is not a duration such as 90m, 12h or 2d", text)
	}
	*d = longDuration(parsed)
	return nil
}

func (c *flushSelection) selection() run.Selection {
	sel := run.Selection{NewestFirst: c.Order == "newest"}
	if c.MaxAge != nil {
		sel.MaxAge = time.Duration(*c.MaxAge)
	}
	return sel
}
