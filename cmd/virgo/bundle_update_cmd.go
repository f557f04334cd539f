package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/renewal"
	"virgo/schedule/signature"
)

type bundleUpdateCmd struct {
	File           string        `arg:"" optional:"" help:"Bundle of checks, with its signature beside it; without it, the endpoint's."`
	AllowDowngrade bool          `help:"Also take an older version than the installed one, or another bundle."`
	Force          bool          `help:"Also take a version that was refused, or that this host went back from."`
	Check          bool          `help:"Only say what would be installed."`
	Deadline       time.Duration `default:"5m" placeholder:"5m" help:"Time limit of fetching."`
}

// Help returns the text below the summary in the help.
func (bundleUpdateCmd) Help() string {
	return "Installs a bundle that one of the keys in bundle_signers has signed. It is on trial " +
		"then: where more of its checks fail than before, the agent returns to the previous one by " +
		"itself."
}

type updateDocument struct {
	document
	Name string `json:"name"`
	// Before and Version are the installed versions, empty: none. State is "trial" or "good".
	Before  string `json:"before,omitempty"`
	Version string `json:"version,omitempty"`
	State   string `json:"state,omitempty"`
	// Offered is what the file or the endpoint has, NotTaken why it is not taken.
	Offered  string `json:"offered,omitempty"`
	NotTaken string `json:"not_taken,omitempty"`
}

func (c *bundleUpdateCmd) Run(a *app) error {
	if c.File != "" {
		return c.install(a)
	}
	return c.fetch(a)
}

func (c *bundleUpdateCmd) allow() installed.Allow {
	return installed.Allow{Downgrade: c.AllowDowngrade, Refused: c.Force, Paused: true}
}

// install installs a file.
func (c *bundleUpdateCmd) install(a *app) error {
	_, verifier, err := a.bundleSettings()
	if err != nil {
		return err
	}
	raw, err := readBundle(c.File)
	if err != nil {
		return err
	}
	sigs, err := signature.ReadBeside(c.File)
	if err != nil {
		return agent.WithCode(agent.ExitUsage, err)
	}
	if _, err := verifier.Signed(raw, sigs); err != nil {
		return signatureError(c.File, err)
	}
	if _, err := parseBundle(c.File, raw); err != nil { // for its hint
		return err
	}
	candidate, _, err := verifier.Verify(a.Context, raw, sigs)
	if err != nil {
		return fmt.Errorf("%q: %w", c.File, err)
	}
	var no *installed.NotTakenError
	restored, allow := false, c.allow()
	allow.Revoked = verifier.Ring.Revokes
	before, after, err := a.changeBundle(func(l *installed.Locked) (installed.Installed, error) {
		if c.Check {
			i, err := l.Installed()
			if err == nil {
				err = i.Accepts(candidate.Ref, allow, a.Now().UnixMilli())
			}
			return i, err
		}
		i, err := l.Install(candidate, allow, a.Now())
		if errors.As(err, &no) && no.Same && l.IsDamaged() {
			restored = true
			return i, l.Restore(candidate)
		}
		return i, err
	})
	if errors.As(err, &no) && no.Same {
		after, err = before, nil
	}
	if err != nil {
		return err
	}
	if restored && !a.JSON {
		_, err := fmt.Fprintf(a.Out, "%s was damaged on the disk, and is installed again\n", candidate.Ref)
		return err
	}
	return c.report(a, before.Current, after, candidate.Ref, no)
}

// fetch installs what the endpoint has.
func (c *bundleUpdateCmd) fetch(a *app) error {
	r, err := a.newRenewal()
	if err != nil {
		return err
	}
	r.Manual, r.CheckOnly, r.Allow = true, c.Check, c.allow()
	ctx, cancel := context.WithTimeout(a.Context, c.Deadline)
	defer cancel()
	out, err := r.Run(ctx)
	if err != nil {
		return notFetched("the bundle", err)
	}
	i, err := r.Folder.Installed()
	if err != nil {
		return err
	}
	no := out.NotTaken
	if no != nil && !no.Same {
		return bundleError(no)
	}
	return c.report(a, out.Before, i, installed.Ref{Name: r.Link.BundleName, Version: out.Offered}, no)
}

// notFetched gives an error of the connection its exit code.
func notFetched(what string, err error) error {
	var refused *renewal.RefusedError
	var configError *link.ConfigError
	if errors.As(err, &refused) || errors.As(err, &configError) {
		return bundleError(err)
	}
	if err = bundleError(err); agent.ExitCode(err) != agent.ExitUnexpected {
		return err
	}
	return agent.WithCode(agent.ExitNotDelivered, fmt.Errorf("%s was not fetched: %w", what, err))
}

// newRenewal returns what renews the bundle from the endpoint.
func (a *app) newRenewal() (*renewal.Renewal, error) {
	cfg, verifier, err := a.bundleSettings()
	if err != nil {
		return nil, err
	}
	ag := a.NewAgent(cfg)
	if len(ag.Endpoints) == 0 {
		return nil, agent.ErrNoEndpoint
	}
	if ag.Spool, err = a.OpenSpool(cfg); err != nil {
		return nil, err
	}
	ag.BundleName, ag.BundleChannel = cfg.Bundles.Name, cfg.Bundles.Channel
	return &renewal.Renewal{Link: ag.Config, Folder: a.bundles(), Verifier: verifier,
		Keys: installed.KeysHash(cfg.Bundles.Signers, config.ReadKeyFile)}, nil
}

// report prints what is installed now.
func (c *bundleUpdateCmd) report(
	a *app, before installed.Ref, now installed.Installed, offered installed.Ref, no *installed.NotTakenError,
) error {
	changed := now.Current.SHA256 != before.SHA256
	if a.JSON {
		doc := updateDocument{
			document: document{schemaVersion}, Name: offered.Name, Offered: offered.Version,
			Before: before.Version, Version: now.Current.Version, State: string(now.State),
		}
		if no != nil {
			doc.NotTaken = no.Error()
		}
		return a.printJSON(doc)
	}
	text := ""
	switch {
	case changed:
		text = changeText(before, now.Current) + ", on trial"
	case offered.Version == "":
		text = "nothing: the endpoint has no bundle for this host"
	case no != nil:
		text = "nothing newer: " + no.Error()
	default:
		text = fmt.Sprintf("%s would be installed", offered)
	}
	_, err := fmt.Fprintln(a.Out, text)
	return err
}
