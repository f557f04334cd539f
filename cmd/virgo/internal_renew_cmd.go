package main

import (
	"context"
	"errors"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/renewal"
)

// internalRenewCmd renews the bundle of scripts, or the programs, as the child of a run: it prints a line where a person must know, and says
// by --verbose why nothing was done. See [agent.RenewArgument].
type internalRenewCmd struct {
	Deadline time.Duration `required:"" help:"Time limit."`
	Build    string        `required:"" help:"Build of the program that starts it."`
	Programs bool          `help:"Upgrade the programs instead."`
}

func (c *internalRenewCmd) Run(a *app) error {
	if c.Build != agent.BuildID() {
		return errors.New("virgo is of another build than the program that started it: an upgrade may be half done")
	}
	ctx, cancel := context.WithTimeout(a.Context, c.Deadline)
	defer cancel()
	if c.Programs {
		return (&upgradeCmd{}).follow(ctx, a)
	}
	r, err := a.newRenewal()
	if err != nil {
		return err
	}
	out, err := r.Run(ctx)
	var refused *renewal.RefusedError
	switch {
	case errors.As(err, &refused):
		a.Notice("%v", err)
		return nil
	case errors.Is(err, installed.ErrBusy):
		a.Verbosef("%v", err)
		return nil
	case err != nil:
		a.Verbosef("the bundle was not fetched: %v", err)
		return nil
	case out.NotTaken != nil:
		a.Verbosef("the bundle of the endpoint: %v", out.NotTaken)
	case out.After.SHA256 != out.Before.SHA256:
		a.Notice("bundle %s, on trial, %s", changeText(out.Before, out.After), signedText(out.After))
	default:
		a.Verbosef("the endpoint has no bundle for this host")
	}
	return nil
}
