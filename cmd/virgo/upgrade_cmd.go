package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/programs"
	"virgo/cmd/internal/renewal"
	"virgo/cmd/internal/upgrade"
	"virgo/schedule/signature"
)

type upgradeCmd struct {
	File           string        `placeholder:"ARCHIVE" help:"Archive virgo-VERSION-OS-ARCH.zip, its signature beside it; without it, the endpoint's."`
	Rollback       bool          `help:"Go back to the version before."`
	Check          bool          `help:"Verify the archive and try its programs, and change nothing."`
	AllowDowngrade bool          `help:"Take a version that is not newer."`
	Deadline       time.Duration `default:"5m" placeholder:"5m" help:"Time limit of fetching; the next call goes on."`
}

// Help returns the text below the summary in the help.
func (upgradeCmd) Help() string {
	return "Replaces virgo and virgo-run by those of a signed archive, both at once, and keeps the " +
		"version before. Without --file it is the one that the endpoint has for this host in the " +
		"channel bundle_channel. The keys that may sign it are upgrade_signers of virgo.yaml. The " +
		"new programs make a run in a copy of the state before they are used. Timer entries stay as " +
		"they are. With upgrade: auto in virgo.yaml runs do it once a day. What was installed as a " +
		"package, the package manager upgrades."
}

type upgradeDocument struct {
	document
	From    string `json:"from"`
	To      string `json:"to"`
	Changed bool   `json:"changed"`
	KeyID   string `json:"key_id,omitempty"`
	Folder  string `json:"folder"`
}

func (c *upgradeCmd) Run(a *app) error {
	if c.Rollback && c.File != "" {
		return agent.UsageError("--file and --rollback exclude each other")
	}
	if c.Rollback && c.Check {
		return agent.UsageError("--check and --rollback exclude each other: a way back verifies nothing")
	}
	place, err := findPrograms(a)
	if err != nil {
		return err
	}
	var archive *programs.Archive
	var signed signature.Signed
	var from *renewal.Programs
	switch {
	case c.File != "":
		archive, signed, err = c.read(a)
	case !c.Rollback:
		from, err = c.source(a, place)
	}
	if err != nil {
		return err
	}
	release, err := place.Lock()
	if err != nil {
		return lockError(place, err)
	}
	defer release()
	if from != nil {
		offered := ""
		if archive, signed, offered, err = c.fetch(a, from); err != nil {
			return err
		}
		if archive == nil {
			return c.nothingNewer(a, place, offered)
		}
	}
	var to string
	if c.Rollback {
		to, err = c.previous(a, place)
	} else {
		to, err = c.install(a.Context, a, place, archive)
	}
	if err == nil && !c.Check {
		err = c.use(a, place, to)
	}
	if err != nil {
		return err
	}
	return c.report(a, place, to, signed)
}

// previous returns the version to go back to. The one that runs is refused from now on.
func (c *upgradeCmd) previous(a *app, place upgrade.Place) (string, error) {
	to, err := place.Previous()
	if err == nil && to == "" {
		err = upgrade.ErrNoPrevious
	}
	if err == nil {
		c.refuse(a, place, agent.Release(), "virgo upgrade --rollback went back from it")
	}
	return to, err
}

// report prints what was done, or could be.
func (c *upgradeCmd) report(a *app, place upgrade.Place, to string, signed signature.Signed) error {
	if a.JSON {
		return a.printJSON(upgradeDocument{
			document{schemaVersion}, place.Build, to, !c.Check, signed.Key.ID, place.Lib,
		})
	}
	if c.Check {
		_, err := fmt.Fprintf(a.Out, "%s → %s is possible: signed by the key %s, and its trial succeeded\n",
			place.Build, to, signed.Key.ID)
		return err
	}
	_, err := fmt.Fprintf(a.Out, "%s → %s\n", place.Build, to)
	return err
}

// use switches to a version.
func (c *upgradeCmd) use(a *app, place upgrade.Place, to string) error {
	if err := place.Switch(to); err != nil {
		return fmt.Errorf("switching to %s: %w", to, err)
	}
	if err := place.Prune(); err != nil {
		a.Verbosef("removing older versions: %v", err)
	}
	if err := (&renewal.Programs{Folder: place.Lib}).Forget(); err != nil { // also what a call before left unfinished
		a.Verbosef("removing what was fetched: %v", err)
	}
	return nil
}

// refuse remembers that no run takes a version by itself.
func (c *upgradeCmd) refuse(a *app, place upgrade.Place, version, reason string) {
	if err := place.Refuse(upgrade.Refusal{Version: version, Reason: reason, AtMS: a.Now().UnixMilli()}); err != nil {
		a.Notice("that %s is not to be taken was not stored: %v", version, err)
	}
}

// nothingNewer prints that the endpoint has nothing that is to be fetched.
func (c *upgradeCmd) nothingNewer(a *app, place upgrade.Place, offered string) error {
	if a.JSON {
		return a.printJSON(upgradeDocument{
			document: document{schemaVersion}, From: place.Build, To: place.Build, Folder: place.Lib,
		})
	}
	text := "nothing: the endpoint has no programs for this host"
	if offered != "" {
		text = fmt.Sprintf("nothing newer: the endpoint has %s, and %s runs", offered, place.Build)
	}
	_, err := fmt.Fprintln(a.Out, text)
	return err
}

// findPrograms returns where the programs are, unless a package manager put them there.
func findPrograms(a *app) (upgrade.Place, error) {
	exe, err := ownPath()
	if err != nil {
		return upgrade.Place{}, err
	}
	if err := upgrade.Packaged(a.Context, exe); err != nil {
		return upgrade.Place{}, agent.WithCode(agent.ExitUsage, err)
	}
	return programsPlace()
}

// programsPlace returns where the programs are.
func programsPlace() (upgrade.Place, error) {
	exe, err := ownPath()
	if err != nil {
		return upgrade.Place{}, err
	}
	return upgrade.Find(exe, programs.VersionName(agent.Release(), agent.Commit())), nil
}

// ownPath returns the path of this program after links were followed.
func ownPath() (string, error) {
	exe, err := os.Executable()
	if err == nil {
		exe, err = filepath.EvalSymlinks(exe)
	}
	if err != nil {
		return "", fmt.Errorf("finding the path of this program: %w", err)
	}
	return exe, nil
}

func lockError(place upgrade.Place, err error) error {
	switch {
	case errors.Is(err, upgrade.ErrBusy):
		return agent.WithCode(agent.ExitBusy, err)
	case errors.Is(err, os.ErrPermission):
		return agent.WithHint(err, "this user may not change "+place.Lib+"; root may, or who installed virgo")
	}
	return err
}

// install unpacks the archive and tries its programs. It returns the name of the version. One whose
// trial fails is remembered, and one whose trial succeeds is no more refused.
func (c *upgradeCmd) install(
	ctx context.Context, a *app, place upgrade.Place, archive *programs.Archive,
) (string, error) {
	name, version := archive.Manifest.Name(), archive.Manifest.Version
	if all, _ := place.Refused(); upgrade.RefusalOf(all, version) != nil {
		r := upgrade.RefusalOf(all, version)
		a.Notice("%s was refused at %s: %s", version, stamp(time.UnixMilli(r.AtMS)), r.Reason)
	}
	folder, err := place.Add(archive)
	if err != nil {
		return "", err
	}
	a.Verbosef("unpacked to %s", folder)
	err = a.try(ctx, folder, archive.Manifest)
	var failed *upgrade.TrialError
	switch {
	case ctx.Err() != nil: // it proves nothing
	case errors.As(err, &failed):
		c.refuse(a, place, version, "its trial failed: "+failed.Error())
	case err == nil && !c.Check:
		if err := place.Accept(version); err != nil {
			a.Verbosef("forgetting that %s was refused: %v", version, err)
		}
	}
	if err != nil || c.Check {
		if err := place.Discard(name); err != nil {
			a.Verbosef("removing %s: %v", folder, err)
		}
	}
	return name, err
}
