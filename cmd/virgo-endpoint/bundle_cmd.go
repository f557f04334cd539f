package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/releases"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/shorttext"
	"virgo/schedule/signature"
)

type bundleCmd struct {
	List    bundleListCmd    `cmd:"" default:"withargs" help:"List the bundles of checks that were published, and who gets which version."`
	Publish bundlePublishCmd `cmd:"" help:"Publish a bundle, or programs, that were signed elsewhere, for all agents or some of them."`
	Status  bundleStatusCmd  `cmd:"" help:"Show which agent runs which version, and which went back from one and why."`
	Percent bundlePercentCmd `cmd:"" help:"Offer the version to another part of the agents."`
	Pause   bundlePauseCmd   `cmd:"" help:"Offer the version to nobody until it is resumed."`
	Resume  bundleResumeCmd  `cmd:"" help:"Offer a paused version again."`
	Stop    bundleStopCmd    `cmd:"" help:"End the roll-out: all agents are offered the version before."`
	Back    bundleBackCmd    `cmd:"" help:"End the roll-out and withdraw the version for good."`
}

// rolloutFlags say which roll-out is meant.
type rolloutFlags struct {
	Channel string `default:"stable" placeholder:"NAME" help:"Channel; an agent's is bundle_channel in its settings. Default: ${default}."`
	Name    string `placeholder:"NAME" help:"Name of the bundle; an agent's is bundle_name in its settings, programs have virgo-OS-ARCH. Default: the only one of the channel."`
}

// bundle returns the name of the bundle that is meant.
func (f *rolloutFlags) bundle(channels *releases.Channels) (string, error) {
	all := slices.Sorted(maps.Keys(channels.Channels[f.Channel].Bundles))
	names := slices.DeleteFunc(slices.Clone(all), releases.IsPrograms)
	if len(names) == 0 {
		names = all
	}
	switch {
	case f.Name != "":
		return f.Name, nil
	case len(names) == 1:
		return names[0], nil
	case len(names) > 1:
		return "", &failure{exitUsage, fmt.Errorf("channel %q has the bundles %s", f.Channel, strings.Join(names, ", ")), "--name says which one"}
	}
	return releases.DefaultName, nil
}

// keepsIt is what the help of each step back says.
const keepsIt = " An agent never takes an older version than it has: one that has this version keeps it until you publish a higher one."

type bundlePercentCmd struct {
	Percent int `arg:"" help:"0 to 100."`
	rolloutFlags
	Tag    []string `placeholder:"TAG" help:"Of these, only agents with this tag; may be repeated. It replaces the tags of before."`
	NoTags bool     `name:"no-tags" help:"Agents of any tag."`
}

// Validate is called by kong.
func (c *bundlePercentCmd) Validate() error { return checkPercent(c.Percent) }

func checkPercent(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("%d percent is not from 0 to 100", percent)
	}
	return nil
}

func (bundlePercentCmd) Help() string {
	return "Which agents belong to a percentage is decided by a hash of the bundle's name and the agent's id: those of 10 percent are " +
		"among those of 20, and each version comes to the same ones first." + keepsIt
}

type bundlePauseCmd struct{ rolloutFlags }

func (bundlePauseCmd) Help() string {
	return "Agents are offered the version before." + keepsIt + " bundle resume goes on."
}

type bundleResumeCmd struct{ rolloutFlags }

type bundleStopCmd struct{ rolloutFlags }

func (bundleStopCmd) Help() string {
	return "The version may be published again." + keepsIt
}

type bundleBackCmd struct{ rolloutFlags }

func (bundleBackCmd) Help() string {
	return "Like bundle stop, and the version's file is not served any more, and the version cannot be published again." + keepsIt +
		" So publish the good content under a higher version, if agents have the bad one."
}

// releases opens what was published.
func (a *app) releases() (*releases.Store, error) {
	dir, err := a.folder()
	if err != nil {
		return nil, err
	}
	return releases.Open(dir.UpgradesDir(), slog.New(slog.DiscardHandler), a.now), nil
}

// damagedChannels is the failure of what says who gets what.
func (a *app) damagedChannels(err error) error {
	return &failure{exitUnexpected, err, "restore it from a backup; agents keep what they have meanwhile"}
}

// A rolloutDocument is the outcome of a change.
type rolloutDocument struct {
	document
	Done string `json:"done"`
	rolloutEntry
}

func (c *bundlePercentCmd) Run(a *app) error {
	if c.NoTags && len(c.Tag) > 0 {
		return &failure{exitUsage, errors.New("--tag and --no-tags exclude each other"), ""}
	}
	return a.changeRollout("set percentage of", c.rolloutFlags, func(r *releases.Rollout) error {
		if err := r.SetPercent(c.Percent); err != nil {
			return err
		}
		if c.NoTags || len(c.Tag) > 0 {
			return r.SetTags(c.Tag)
		}
		return nil
	})
}

func (c *bundlePauseCmd) Run(a *app) error {
	return a.changeRollout("pause", c.rolloutFlags, (*releases.Rollout).Pause)
}

func (c *bundleResumeCmd) Run(a *app) error {
	return a.changeRollout("resume", c.rolloutFlags, (*releases.Rollout).Resume)
}

func (c *bundleStopCmd) Run(a *app) error {
	return a.changeRollout("stop", c.rolloutFlags, (*releases.Rollout).Stop)
}

func (c *bundleBackCmd) Run(a *app) error {
	return a.changeRollout("withdraw", c.rolloutFlags, (*releases.Rollout).Back)
}

// chosen opens the releases and finds the bundle that the flags mean.
func (f rolloutFlags) chosen(a *app) (s *releases.Store, channels *releases.Channels, name string, err error) {
	if s, err = a.releases(); err != nil {
		return nil, nil, "", err
	}
	if channels, err = s.Channels(); err != nil {
		return nil, nil, "", a.damagedChannels(err)
	}
	name, err = f.bundle(channels)
	return s, channels, name, err
}

// changeRollout makes a step of a roll-out, which is recorded, and says who gets what from now on.
func (a *app) changeRollout(verb string, f rolloutFlags, step func(*releases.Rollout) error) error {
	s, _, name, err := f.chosen(a)
	if err != nil {
		return err
	}
	return a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		plan, err := ad.ChangeRollout(a.ctx, by, verb, s, f.Channel, name, step)
		if err != nil {
			return a.notPublished(err, "")
		}
		return a.rolloutDone(verb, plan)
	})
}

func (a *app) rolloutDone(verb string, plan *releases.Plan) error {
	e := newRolloutEntry(plan.Channel, plan.Name, plan.After)
	if a.JSON {
		return a.printJSON(rolloutDocument{document{schemaVersion}, verb, e})
	}
	text := fmt.Sprintf("%s, channel %s: %s\n", plan.Name, plan.Channel, e.sentence())
	if plan.Release != nil {
		text = fmt.Sprintf("published %s %s, signed by %s\n%s", plan.Name, plan.Release.Version, plan.Release.SignedBy, text)
	}
	if before := plan.Before; before != nil && before.Target != "" && plan.Release == nil && (plan.After.Paused || plan.After.Target != before.Target) {
		text += "agents that have " + before.Target + " keep it until they are offered a higher version"
		if !releases.IsPrograms(plan.Name) {
			text += "; bundle status lists them"
		}
		text += "\n"
	}
	if plan.NewKey != nil {
		text += "the key " + plan.NewKey.ID + " is kept: what it signs can be published from now on\n"
	}
	return a.print([]byte(text))
}

// notPublished gives the errors of a publication or a step their exit code and the next step. file is empty for a step.
func (a *app) notPublished(err error, file string) error {
	var nothing *releases.NothingError
	var format *scriptbundle.FormatError
	var signed *signature.Error
	if file != "" {
		err = fmt.Errorf("%q: %w", file, err)
	}
	sign, build := "virgo bundle sign", "virgo bundle build --bundle-version"
	if strings.HasPrefix(filepath.Base(file), "virgo-") { // named as an archive of programs is
		sign, build = "minisign -Sm", "make archive"
	}
	switch {
	case errors.As(err, &nothing):
		hint := "virgo-endpoint bundle publish --dir " + shorttext.QuoteShell(a.Dir) + " FILE publishes one"
		if len(nothing.Channels) > 0 {
			hint = "there are the channels " + strings.Join(nothing.Channels, ", ")
		}
		return &failure{exitUsage, err, hint}
	case errors.Is(err, signature.ErrUnsigned):
		return &failure{exitUnexpected, err, sign + " " + shorttext.QuoteShell(file) + " signs it, on the machine that has the key"}
	case errors.Is(err, releases.ErrNoKey):
		return &failure{exitUsage, err, "--key FILE.pub gives the key; it is kept"}
	case errors.Is(err, signature.ErrUnknownKey):
		return &failure{exitUnexpected, err, "if that key is to be accepted here, --key FILE.pub gives it; agents have keys of their own settings"}
	case errors.Is(err, releases.ErrNotNewer), errors.Is(err, releases.ErrExists), errors.Is(err, releases.ErrWithdrawn):
		return &failure{exitUnexpected, err, "build it with a higher version: " + build}
	case errors.As(err, &format), errors.As(err, &signed):
		return &failure{exitUnexpected, err, ""}
	case errors.Is(err, releases.ErrNoTarget), errors.Is(err, releases.ErrPaused):
		return &failure{exitUsage, err, "virgo-endpoint bundle list --dir " + shorttext.QuoteShell(a.Dir) + " says what is offered"}
	}
	return a.refused(err)
}
