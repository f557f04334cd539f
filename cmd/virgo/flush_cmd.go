package main

import (
	"fmt"
	"time"

	"virgo/cmd/virgo/internal/term"
)

type flushCmd struct {
	Deadline time.Duration `default:"10m" help:"Stop after this; what is left goes out later."`
	flushSelection
	flushFrom
}

// Help is the command's own part of its help.
func (flushCmd) Help() string {
	return "Delivers what waits and runs no check. Exits with 4 where not everything was delivered, with 3 where another run is delivering.\n\n" +
		"With --from it delivers bundles of other hosts (virgo spool export) under their agents' names, once, however often and from wherever they are carried, and writes the endpoint's receipt beside each."
}

func (c *flushCmd) Run(a *app) error {
	ag, _, err := a.agent()
	if err != nil {
		return err
	}
	if len(ag.Endpoints) == 0 {
		return errNoEndpoint
	}
	if c.Deadline <= 0 {
		return usageError("--deadline %s is no time that a delivery could end in", c.Deadline)
	}
	ctx, cancel := a.deadline(c.Deadline)
	defer cancel()
	if term.IsTerminal(a.err) && !a.JSON {
		ag.Progress = a.progress()
	}
	// Its own error says what a person who asked wants to know; the line for cron would say it twice.
	ag.Notice = a.verbose
	if len(c.From) > 0 {
		if c.MaxAge != nil || c.Order == "newest" {
			return usageError("--order and --max-age are for what waits here, and a bundle is delivered whole")
		}
		return c.carry(ctx, a, ag)
	}
	if len(c.More) > 0 {
		return usageError("%q is named without --from", c.More[0])
	}
	d, err := ag.FlushSelection(ctx, c.selection())
	if err != nil {
		return err
	}
	switch {
	case a.JSON:
		err = a.printJSON(struct {
			document
			Delivery deliveryDocument `json:"delivery"`
		}{document{schemaVersion}, newDeliveryDocument(d)})
	case d.Tried && d.Err == nil && (term.IsTerminal(a.out) || a.Verbose):
		_, err = fmt.Fprintf(a.out, "%d results delivered to %s in %s\n", d.Delivered, d.Endpoint, term.Age(d.Took.Round(time.Millisecond)))
		if err == nil && d.Passed > 0 {
			_, err = fmt.Fprintf(a.out, "%d results are older than that and are kept\n", d.Passed)
		}
	}
	if err != nil {
		return err
	}
	if d.Err != nil || d.Busy {
		return notDelivered(d)
	}
	return nil
}
