package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/cmd/virgo/internal/term"
	"virgo/spool"
)

type spoolDropCmd struct {
	IDs      []string `arg:"" optional:"" name:"id" help:"Ids of results, as spool list shows them."`
	Waiting  bool     `help:"Every result that waits."`
	Rejected bool     `help:"Every result that was refused."`
	Yes      bool     `help:"Do not ask."`
}

// Help is the command's own part of its help.
func (spoolDropCmd) Help() string {
	return "What is dropped is gone and is counted as lost. Asks on a terminal, and wants --yes elsewhere."
}

func (c *spoolDropCmd) Run(a *app) error {
	if len(c.IDs) == 0 && !c.Waiting && !c.Rejected {
		return &exitError{exitUsage, withHint{errors.New("nothing is named to be dropped"), "--waiting, --rejected, or the ids that virgo spool list shows"}}
	}
	ag, _, err := a.agent()
	if err != nil {
		return err
	}
	if !c.Yes {
		if !term.IsTerminal(a.in) {
			return &exitError{exitUsage, withHint{errors.New("dropping deletes results that were never delivered"), "--yes does it without asking"}}
		}
		fmt.Fprint(a.err, "Delete results that were never delivered? (yes/no) ")
		answer, err := bufio.NewReader(io.LimitReader(a.in, 64)).ReadString('\n')
		if err != nil || strings.TrimSpace(answer) != "yes" {
			return &exitError{exitUsage, errors.New("nothing was dropped")}
		}
	}
	d, err := ag.Spool.Drop(a.ctx, spool.Selection{Waiting: c.Waiting, Rejected: c.Rejected, IDs: c.IDs})
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			Dropped uint64 `json:"dropped"`
			Bytes   int64  `json:"bytes"`
		}{document{schemaVersion}, d.Records, d.Bytes})
	}
	_, err = fmt.Fprintf(a.out, "%d results dropped\n", d.Records)
	return err
}
