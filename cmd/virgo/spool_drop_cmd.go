package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/spool"
)

type spoolDropCmd struct {
	IDs      []string `arg:"" optional:"" name:"id" help:"Ids of results, as printed by virgo spool list."`
	Waiting  bool     `help:"All waiting results."`
	Rejected bool     `help:"All refused results."`
	Yes      bool     `help:"Do not ask for confirmation."`
}

// Help returns the text below the summary in the help.
func (spoolDropCmd) Help() string {
	return "Dropped results are deleted and count as lost; if an id is unknown, none is. Asks for confirmation on a terminal; elsewhere --yes is required."
}

func (c *spoolDropCmd) Run(a *app) error {
	if len(c.IDs) == 0 && !c.Waiting && !c.Rejected {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no results are given"), "--waiting, --rejected, or ids that virgo spool list prints",
		))
	}
	ag, _, err := a.OpenAgent()
	if err != nil {
		return err
	}
	if err := requireIDs(a.Context, ag.Spool, c.IDs); err != nil {
		return err
	}
	if !c.Yes {
		if !term.IsTerminal(a.In) {
			return agent.WithCode(agent.ExitUsage, agent.WithHint(
				errors.New("this deletes results that were never delivered"), "--yes does it without asking",
			))
		}
		fmt.Fprint(a.Err, "Delete results that were never delivered? (yes/no) ")
		answer, err := bufio.NewReader(io.LimitReader(a.In, 64)).ReadString('\n')
		if err != nil || strings.TrimSpace(answer) != "yes" {
			return agent.WithCode(agent.ExitUsage, errors.New("nothing was dropped"))
		}
	}
	d, err := ag.Spool.Drop(a.Context, spool.Selection{Waiting: c.Waiting, Rejected: c.Rejected, IDs: c.IDs})
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
	_, err = fmt.Fprintf(a.Out, "%s dropped\n", term.Count(d.Records, "result", "results"))
	return err
}

var errAllFound = errors.New("all ids were found")

// requireIDs returns an error that names the ids of no result.
func requireIDs(ctx context.Context, sp *spool.Spool, ids []string) error {
	missing := make(map[string]bool, len(ids))
	for _, id := range ids {
		missing[id] = true
	}
	found := func(r spool.Record) error {
		if delete(missing, r.ID); len(missing) == 0 {
			return errAllFound
		}
		return nil
	}
	if len(missing) == 0 {
		return nil
	}
	err := sp.ListRejected(ctx, func(r spool.Record, _ spool.Refusal) error { return found(r) })
	if err == nil {
		err = sp.List(ctx, found)
	}
	if err != nil && !errors.Is(err, errAllFound) {
		return err
	}
	for _, id := range ids {
		if missing[id] {
			return agent.WithCode(agent.ExitUsage, agent.WithHint(
				fmt.Errorf("there is no result %q; nothing was dropped", id), "virgo spool list, or with --rejected, prints the ids",
			))
		}
	}
	return nil
}
