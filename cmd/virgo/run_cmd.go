package main

import (
	"github.com/alecthomas/kong"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/run"
)

type runCmd struct {
	agent.RunOptions
	Splay splay `placeholder:"TIME" help:"First wait for TIME, or for up to 30 seconds that are fixed for each host. Ignored on a terminal."`
}

// A splay is --splay or --splay=17s.
type splay struct{ agent.Splay }

// IsBool lets kong accept the flag without a value.
func (splay) IsBool() bool { return true }

// Decode parses the flag's value if it has one.
func (s *splay) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Peek()
	if token.Type != kong.FlagValueToken {
		s.Set = true
		return nil
	}
	ctx.Scan.Pop()
	switch v := token.Value.(type) {
	case bool:
		s.Set = v
	case string:
		return s.Parse(v)
	}
	return nil
}

func (c *runCmd) Run(a *app) error {
	if a.JSON {
		c.Show = func(_ *run.Agent, rep run.Report) error { return a.printJSON(newRunDocument(rep)) }
	}
	return a.Program.Run(c.RunOptions, c.Splay.Splay)
}
