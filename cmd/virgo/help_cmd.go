package main

import (
	"fmt"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/schedule/shorttext"
)

type helpCmd struct {
	Words []string `arg:"" optional:"" name:"command|topic" help:"A command, for example spool list, or a topic: ${topics}."`
}

func (c *helpCmd) Run(a *app) error {
	words := c.Words
	var names []string
	for _, t := range topics() {
		if len(words) == 1 && t.name == words[0] {
			return t.print(a)
		}
		names = append(names, t.name)
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "-") {
		return agent.UsageError("%q is no command", words[0])
	}
	parser, err := newParser(new(cli), a.Stdio)
	if err != nil {
		return err
	}
	if _, err = parser.Parse(append(words, "--help")); err != nil {
		err = usageError(err)
		if near := shorttext.Nearest(strings.Join(words, " "), names); near != "" {
			err = agent.WithCode(agent.ExitUsage, agent.WithHint(err, fmt.Sprintf("did you mean %q?", near)))
		}
		return err
	}
	return nil
}
