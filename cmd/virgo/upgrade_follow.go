package main

import (
	"context"
	"errors"
	"fmt"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/renewal"
	"virgo/cmd/internal/upgrade"
	"virgo/schedule/semver"
)

// follow upgrades the programs for a run, by `upgrade: auto`: as Run does for a person, and within
// what the settings, the owner of the programs and what failed before allow. It prints a line where
// the programs were changed, and once why not.
func (c *upgradeCmd) follow(ctx context.Context, a *app) error {
	from, err := c.source(a, upgrade.Place{})
	if err != nil {
		return err
	}
	var place upgrade.Place
	release := func() {}
	defer func() { release() }()
	ready := func() error {
		if place, err = c.readyPlace(a); err != nil {
			return err
		}
		release, err = place.Lock()
		switch {
		case errors.Is(err, upgrade.ErrBusy):
			release = func() {}
			return err
		case err != nil:
			release = func() {}
			return &renewal.NotNowError{Err: lockError(place, err)}
		}
		refused, err := place.Refused()
		if err != nil {
			return &renewal.NotNowError{Err: err}
		}
		from.Folder, from.Wants = place.Lib, func(version string) bool { return c.follows(a, refused, version) }
		return nil
	}
	to := ""
	out, news, err := from.Follow(ctx, ready, func(ctx context.Context, out renewal.FetchedArchive) error {
		to, err = c.take(ctx, a, place, out)
		return err
	})
	var failed *upgrade.TrialError
	var stands *renewal.NotNowError
	switch {
	case to != "":
		a.Notice("upgraded: %s → %s, signed by the key %s; virgo upgrade --rollback goes back",
			place.Build, to, out.Signed.Key.ID)
	case errors.As(err, &failed) && errors.As(err, &stands), // once for each version
		news && !errors.Is(err, upgrade.ErrBusy):
		a.Notice("not upgraded: %v", err)
		return nil
	case out.Version != "" && err == nil:
		a.Verbosef("upgrade: the endpoint has %s, which is not taken; %s runs", out.Version, place.Build)
	case err == nil:
		a.Verbosef("upgrade: the endpoint has no programs for this host")
	}
	if err != nil {
		a.Verbosef("upgrade: %v", err)
	}
	return nil
}

// readyPlace returns where the programs are that a run may replace.
func (c *upgradeCmd) readyPlace(a *app) (upgrade.Place, error) {
	if _, err := semver.Parse(agent.Release()); err != nil {
		err = fmt.Errorf("the version of this program has no order: %w", err)
		return upgrade.Place{}, &renewal.NotNowError{Err: err}
	}
	place, err := findPrograms(a)
	if err == nil {
		err = place.CheckOwn()
	}
	if err != nil {
		return place, &renewal.NotNowError{Err: err}
	}
	return place, nil
}

// follows reports whether a run takes a version.
func (c *upgradeCmd) follows(a *app, refused []upgrade.Refusal, version string) bool {
	if r := upgrade.RefusalOf(refused, version); r != nil {
		a.Verbosef("upgrade: %s is not tried again: %s", version, r.Reason)
		return false
	}
	return c.wants(version)
}

// take tries and uses an archive, and returns the name of its version. A version whose trial failed
// is not tried again.
func (c *upgradeCmd) take(
	ctx context.Context, a *app, place upgrade.Place, out renewal.FetchedArchive,
) (string, error) {
	archive, err := c.open(out)
	if err != nil {
		return "", &renewal.NotNowError{Err: fmt.Errorf("%s of the endpoint: %w", out.File, err)}
	}
	to, err := c.install(ctx, a, place, archive)
	var failed *upgrade.TrialError
	if errors.As(err, &failed) && ctx.Err() == nil {
		return "", &renewal.NotNowError{Err: err}
	}
	if err == nil {
		err = c.use(a, place, to)
	}
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("the run's time was over before its trial ended: %w", err)
		}
		return "", err
	}
	return to, nil
}
