package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/collect"
	"virgo/schedule/shorttext"
)

type targetsCmd struct {
	Type string `arg:"" help:"Check type, for example agent.filesystem."`
}

// targetsTime bounds the listing, which queries the system, not the targets.
const targetsTime = 10 * time.Second

func (c *targetsCmd) Run(a *app) error {
	reg, err := a.Registry(nil)
	if err != nil {
		return err
	}
	typ, err := lookup(reg, c.Type)
	if err != nil {
		return err
	}
	lister, ok := typ.Checker.(collect.Targeter)
	if !ok {
		return agent.UsageError("%s has no targets to list: it checks the whole host, or what its details name", typ.Name)
	}
	ctx, cancel := a.Deadline(targetsTime)
	defer cancel()
	targets, err := lister.Targets(ctx)
	if err != nil {
		return fmt.Errorf("listing the targets of %s: %w", typ.Name, err)
	}
	if a.JSON {
		if targets == nil {
			targets = []string{}
		}
		return a.printJSON(struct {
			document
			Targets []string `json:"targets"`
		}{document{schemaVersion}, targets})
	}
	for _, t := range targets {
		fmt.Fprintln(a.Out, shorttext.Sanitize(t))
	}
	return nil
}
