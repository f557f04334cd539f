package main

import (
	"errors"
	"fmt"
	"slices"

	"virgo/spool"
)

type spoolRetryCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Refused results by id, as virgo spool list --rejected shows them."`
	All bool     `help:"Every result that was refused."`
}

// Help is the command's own part of its help.
func (spoolRetryCmd) Help() string {
	return "Refused results wait again, behind all that waits and under the ids that they have, and go out with the next delivery. An endpoint that remembers them by id may answer as it did the first time."
}

func (c *spoolRetryCmd) Run(a *app) error {
	switch {
	case len(c.IDs) == 0 && !c.All:
		return &exitError{exitUsage, withHint{errors.New("nothing is named to be tried again"), "--all, or the ids that virgo spool list --rejected shows"}}
	case len(c.IDs) > 0 && c.All:
		return usageError("ids and --all are both given")
	}
	ag, _, err := a.agent()
	if err != nil {
		return err
	}
	slices.Sort(c.IDs)
	c.IDs = slices.Compact(c.IDs)
	n, err := ag.Spool.Retry(a.ctx, spool.Selection{Rejected: c.All, IDs: c.IDs})
	if err != nil {
		return err
	}
	if a.JSON {
		err = a.printJSON(struct {
			document
			Retried int `json:"retried"`
		}{document{schemaVersion}, n})
	} else {
		_, err = fmt.Fprintf(a.out, "%d results wait again\n", n)
	}
	if missing := len(c.IDs) - n; err == nil && !c.All && missing > 0 {
		return &exitError{exitUsage, withHint{fmt.Errorf("%d of %d ids are not among what was refused", missing, len(c.IDs)), "virgo spool list --rejected"}}
	}
	return err
}
