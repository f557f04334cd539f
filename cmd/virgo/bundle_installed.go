package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/renewal"
	"virgo/spool"
)

// bundleLockTime is how long a command waits for a run that installs a bundle.
const bundleLockTime = 5 * time.Second

// bundles returns the folder of installed bundles.
func (a *app) bundles() *installed.Folder { return installed.New(a.Paths().State) }

// changeBundle changes what is installed, and has the next run know it.
func (a *app) changeBundle(
	change func(l *installed.Locked) (installed.Installed, error),
) (before, after installed.Installed, err error) {
	cfg, err := a.LoadConfig()
	if err != nil {
		return before, after, err
	}
	sp, err := a.OpenSpool(cfg)
	if err != nil {
		return before, after, err
	}
	ctx, cancel := context.WithTimeout(a.Context, bundleLockTime)
	defer cancel()
	l, err := a.bundles().LockWithin(ctx)
	if err != nil {
		return before, after, bundleError(err)
	}
	defer l.Unlock()
	if before, err = l.Installed(); err != nil && !errors.Is(err, installed.ErrDamaged) {
		return before, after, err
	}
	if after, err = change(l); err != nil {
		return before, after, bundleError(err)
	}
	if err := installed.Save(a.Context, sp, after); err != nil {
		if !errors.Is(err, spool.ErrLocked) {
			return before, after, fmt.Errorf("the bundle is installed, and runs are not told yet: %w", err)
		}
		a.Verbosef("the next run with a script tells the others: %v", err)
	}
	return before, after, nil
}

// bundleError gives an error of package installed or renewal its exit code.
func bundleError(err error) error {
	var refused *renewal.RefusedError
	var no *installed.NotTakenError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, installed.ErrBusy):
		return agent.WithCode(agent.ExitBusy, agent.WithHint(err, "try again when it has ended"))
	case errors.Is(err, renewal.ErrNoSigners):
		return agent.WithCode(agent.ExitUsage, agent.WithHint(err,
			"bundle_signers in virgo.yaml names the keys: virgo help config"))
	case errors.As(err, &no), errors.As(err, &refused),
		errors.Is(err, installed.ErrNoPrevious), errors.Is(err, installed.ErrNoBundle):
		return agent.WithCode(agent.ExitUnexpected, err)
	}
	return err
}

// bundleSettings returns the settings for installing bundles, and the keys that may sign them.
func (a *app) bundleSettings() (config.Config, renewal.Verifier, error) {
	cfg, err := a.LoadConfig()
	if err != nil {
		return cfg, renewal.Verifier{}, err
	}
	if cfg.Bundles.Mode == config.BundlesOff {
		return cfg, renewal.Verifier{}, agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("bundles are off in the settings"), "bundles: manual in "+a.Paths().Config,
		))
	}
	ring, err := settingsRing(a, cfg)
	return cfg, renewal.Verifier{
		Ring: ring, Name: cfg.Bundles.Name, Release: agent.Release(), Declares: a.CheckDeclared, Now: a.Now,
	}, err
}

// stateText describes the state of the current bundle.
func stateText(i installed.Installed) string {
	if i.State == installed.OnTrial {
		return "on trial since " + stamp(time.UnixMilli(i.Current.SinceMS))
	}
	return string(i.State)
}

// signedText says who signed a bundle, and when.
func signedText(r installed.Ref) string {
	text := "signed by the key " + r.Key
	if r.SignedMS != 0 {
		text += " on " + time.UnixMilli(r.SignedMS).UTC().Format(time.DateOnly)
	}
	return text
}

// changeText says what became of the current bundle.
func changeText(before, after installed.Ref) string {
	switch {
	case before.IsZero():
		return after.String() + " installed"
	case after.IsZero():
		return before.String() + " → none"
	case before.Name != after.Name:
		return before.String() + " → " + after.String()
	}
	return before.String() + " → " + after.Version
}
