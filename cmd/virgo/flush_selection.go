package main

import (
	"fmt"
	"time"

	"virgo/cmd/virgo/internal/agent"
	"virgo/schedule/strictyaml"
)

// flushSelection is which of the waiting results a flush hands over, and in which order.
type flushSelection struct {
	Order  string `enum:"oldest,newest" default:"oldest" placeholder:"oldest|newest" help:"Deliver the oldest first (default), or the newest."`
	MaxAge *span  `placeholder:"TIME" help:"Deliver only what was made within this time (90m, 2d); the rest stays."`
}

// A span is a time as virgo's configuration writes it: 90m, 2d.
type span time.Duration

// UnmarshalText reads one that is longer than nothing.
func (s *span) UnmarshalText(text []byte) error {
	d, err := strictyaml.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%.64q is no span of time, such as 90m, 12h or 2d", text)
	}
	*s = span(d)
	return nil
}

func (c *flushSelection) selection() agent.Selection {
	sel := agent.Selection{NewestFirst: c.Order == "newest"}
	if c.MaxAge != nil {
		sel.MaxAge = time.Duration(*c.MaxAge)
	}
	return sel
}
