package main

import (
	"fmt"
	"time"

	"virgo/collect"
)

type targetsCmd struct {
	Type string `arg:"" help:"The check's type, for example agent.filesystem."`
}

// targetsTime bounds the listing: it asks the system, not the targets.
const targetsTime = 10 * time.Second

func (c *targetsCmd) Run(a *app) error {
	reg, err := a.registry(nil)
	if err != nil {
		return err
	}
	typ, err := lookup(reg, c.Type)
	if err != nil {
		return err
	}
	lister, ok := typ.Checker.(collect.Targeter)
	if !ok {
		return usageError("%s has no targets to list: it looks at the whole host, or at what its details name", typ.Name)
	}
	ctx, cancel := a.deadline(targetsTime)
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
		fmt.Fprintln(a.out, t)
	}
	return nil
}
