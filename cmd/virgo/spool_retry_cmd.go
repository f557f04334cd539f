package main

import (
	"errors"
	"fmt"
	"slices"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/spool"
)

type spoolRetryCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Ids of refused results, as printed by virgo spool list --rejected."`
	All bool     `help:"All refused results."`
}

// Help returns the text below the summary in the help.
func (spoolRetryCmd) Help() string {
	return "Refused results wait again after all others, with their ids, and are sent with the next delivery. An endpoint " +
		"that knows their ids may refuse them again."
}

func (c *spoolRetryCmd) Run(a *app) error {
	switch {
	case len(c.IDs) == 0 && !c.All:
		return agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no results are given"), "--all, or ids that virgo spool list --rejected prints",
		))
	case len(c.IDs) > 0 && c.All:
		return agent.UsageError("ids and --all cannot be used together")
	}
	ag, _, err := a.OpenAgent()
	if err != nil {
		return err
	}
	slices.Sort(c.IDs)
	c.IDs = slices.Compact(c.IDs)
	n, err := ag.Spool.Retry(a.Context, spool.Selection{Rejected: c.All, IDs: c.IDs})
	if err != nil {
		return err
	}
	if a.JSON {
		err = a.printJSON(struct {
			document
			Retried int `json:"retried"`
		}{document{schemaVersion}, n})
	} else {
		_, err = fmt.Fprintf(a.Out, "%s again\n", term.Count(n, "result waits", "results wait"))
	}
	if missing := len(c.IDs) - n; err == nil && !c.All && missing > 0 {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(
			fmt.Errorf("%d of %d ids do not belong to refused results", missing, len(c.IDs)), "virgo spool list --rejected",
		))
	}
	return err
}
