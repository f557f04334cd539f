package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
)

type flushCmd struct {
	Deadline *time.Duration `placeholder:"10m" help:"Stop after this time; the rest is delivered later ($VIRGO_FLUSH_DEADLINE)."`
	flushSelection
	flushFrom
}

// Help returns the text below the summary in the help.
func (flushCmd) Help() string {
	return "Delivers the waiting results without running checks. Exits with 4 unless everything was delivered, " +
		"with 3 if another run is delivering.\n\n" +
		"With --from it brings bundles of other hosts (virgo spool export) to the endpoint, and writes the " +
		"endpoint's receipt beside each. The endpoint verifies them with the key that it has registered for " +
		"their host (virgo-endpoint agents add). Repeating it is safe: an interrupted transfer goes on, and each " +
		"result is stored once."
}

func (c *flushCmd) Run(a *app) error {
	ag, cfg, err := a.OpenAgent()
	if err != nil {
		return err
	}
	if err := agent.CheckEndpoint(ag); err != nil {
		return err
	}
	limit := cfg.FlushDeadline
	if c.Deadline != nil {
		limit = *c.Deadline
	}
	if limit <= 0 {
		return agent.UsageError("--deadline must be longer than 0s, not %s", limit)
	}
	ctx, cancel := a.Deadline(limit)
	defer cancel()
	if term.IsTerminal(a.Err) && !a.JSON {
		ag.Progress = a.Progress("delivered")
	}
	// The command returns the error; the notice for cron would print it twice.
	ag.Notice = a.Verbosef
	if len(c.From) > 0 {
		if c.MaxAge != nil || c.Order == "newest" {
			return agent.UsageError("--order and --max-age cannot be used with --from: a bundle is delivered whole")
		}
		return c.deliver(ctx, a, ag)
	}
	if len(c.More) > 0 {
		return agent.WithHint(
			agent.UsageError("%q is given without --from", c.More[0]), "virgo flush --from FILE delivers a bundle",
		)
	}
	d, err := ag.FlushSelection(ctx, c.selection())
	a.ClearProgress()
	if err != nil {
		return err
	}
	switch {
	case a.JSON:
		err = a.printJSON(struct {
			document
			Delivery deliveryDocument `json:"delivery"`
		}{document{schemaVersion}, newDeliveryDocument(d)})
	case d.Tried && d.Err == nil && (term.IsTerminal(a.Out) || a.Verbose):
		_, err = fmt.Fprintf(a.Out, "%s delivered to %s in %s\n",
			term.Count(d.Delivered, "result", "results"), d.Endpoint, term.Age(d.Took.Round(time.Millisecond)))
		if err == nil && d.Passed > 0 {
			_, err = fmt.Fprintf(a.Out, "%d older results stay in the spool\n", d.Passed)
		}
	}
	if err != nil {
		return err
	}
	switch {
	case d.Err != nil && a.Context.Err() != nil:
		return agent.WithHint(a.Context.Err(),
			term.Count(d.Delivered, "result was", "results were")+" delivered, the others stay in the spool")
	case d.Err != nil || d.Busy:
		return agent.NotDelivered(d)
	}
	return nil
}
