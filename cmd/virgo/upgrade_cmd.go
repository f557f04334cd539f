package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/programs"
	"virgo/cmd/internal/upgrade"
	"virgo/schedule/semver"
	"virgo/schedule/shorttext"
	"virgo/schedule/signature"
)

type upgradeCmd struct {
	File           string `placeholder:"ARCHIVE" help:"Archive virgo-VERSION-OS-ARCH.zip; its signature lies beside it."`
	Rollback       bool   `help:"Go back to the version before."`
	Check          bool   `help:"Verify the archive and try its programs, and change nothing."`
	AllowDowngrade bool   `help:"Take a version that is not newer."`
}

// Help returns the text below the summary in the help.
func (upgradeCmd) Help() string {
	return "Replaces virgo and virgo-run by those of a signed archive, both at once, and keeps the version before. The keys that " +
		"may sign it are upgrade_signers of virgo.yaml. The new programs make a run in a copy of the state before they are used. " +
		"Timer entries stay as they are. What was installed as a package, the package manager upgrades."
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
	if c.Rollback == (c.File != "") {
		return agent.UsageError("give either --file ARCHIVE or --rollback")
	}
	if c.Rollback && c.Check {
		return agent.UsageError("--check is for --file: there is nothing to verify before --rollback")
	}
	place, err := findPrograms(a)
	if err != nil {
		return err
	}
	var archive *programs.Archive
	var signed signature.Signed
	if !c.Rollback {
		if archive, signed, err = c.archive(a); err != nil {
			return err
		}
		if err := c.suits(archive.Manifest, place); err != nil {
			return err
		}
	}
	release, err := place.Lock()
	if err != nil {
		return lockError(place, err)
	}
	defer release()
	to, err := "", error(nil)
	if c.Rollback {
		to, err = place.Previous()
		if err == nil && to == "" {
			err = upgrade.ErrNoPrevious
		}
	} else {
		to, err = c.install(a, place, archive)
	}
	if err != nil {
		return err
	}
	if !c.Check {
		if err := place.Switch(to); err != nil {
			return fmt.Errorf("switching to %s: %w", to, err)
		}
		if err := place.Prune(); err != nil {
			a.Verbosef("removing older versions: %v", err)
		}
	}
	if a.JSON {
		return a.printJSON(upgradeDocument{document{schemaVersion}, place.Build, to, !c.Check, signed.Key.ID, place.Lib})
	}
	if c.Check {
		_, err = fmt.Fprintf(a.Out, "%s → %s would do: signed by the key %s, and its trial succeeded\n", place.Build, to, signed.Key.ID)
		return err
	}
	_, err = fmt.Fprintf(a.Out, "%s → %s\n", place.Build, to)
	return err
}

// findPrograms returns where the programs are, unless a package manager put them there.
func findPrograms(a *app) (upgrade.Place, error) {
	exe, err := os.Executable()
	if err == nil {
		exe, err = filepath.EvalSymlinks(exe)
	}
	if err != nil {
		return upgrade.Place{}, fmt.Errorf("finding the path of this program: %w", err)
	}
	if err := upgrade.Packaged(a.Context, exe); err != nil {
		return upgrade.Place{}, agent.WithCode(agent.ExitUsage, err)
	}
	return upgrade.Find(exe, programs.VersionName(agent.Release(), agent.Commit())), nil
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

// archive reads and verifies the archive.
func (c *upgradeCmd) archive(a *app) (*programs.Archive, signature.Signed, error) {
	cfg, err := a.LoadConfig()
	if err != nil {
		return nil, signature.Signed{}, err
	}
	if err := cfg.RenewalMistake(); err != nil { // the keys may be among what could not be read
		return nil, signature.Signed{}, agent.WithCode(agent.ExitUsage, err)
	}
	ring, err := parseSigners(cfg.UpgradeSigners, config.ReadKeyFile)
	if err != nil {
		return nil, signature.Signed{}, agent.WithCode(agent.ExitUsage, fmt.Errorf("upgrade_signers in %s: %w", a.Paths().Config, err))
	}
	if len(ring) == 0 {
		return nil, signature.Signed{}, agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no key may sign the programs: there is no upgrade_signers in "+a.Paths().Config),
			"write the public key of whoever makes your archives there: upgrade_signers: [RWQ…]",
		))
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, signature.Signed{}, agent.WithCode(agent.ExitUsage, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, programs.MaxArchiveBytes+1))
	if err != nil {
		return nil, signature.Signed{}, fmt.Errorf("reading %q: %w", c.File, err)
	}
	sigs, err := signature.ReadBeside(c.File)
	if err != nil {
		return nil, signature.Signed{}, agent.WithCode(agent.ExitUsage, err)
	}
	signed, err := ring.VerifyAll(b, sigs, a.Now())
	switch {
	case errors.Is(err, signature.ErrUnsigned):
		return nil, signed, agent.WithHint(fmt.Errorf("%q: %w", c.File, err), "minisign -Sm "+shorttext.QuoteShell(c.File))
	case errors.Is(err, signature.ErrUnknownKey):
		return nil, signed, agent.WithHint(fmt.Errorf("%q: %w", c.File, err), "if you know whose key it is, add it to upgrade_signers in virgo.yaml")
	case err != nil:
		return nil, signed, fmt.Errorf("%q: %w", c.File, err)
	}
	archive, err := programs.Open(b)
	if err != nil {
		err = fmt.Errorf("%q: %w", c.File, err)
	}
	return archive, signed, err
}

// suits returns an error for an archive for another system, or of a version that is not newer.
func (c *upgradeCmd) suits(m programs.Manifest, place upgrade.Place) error {
	if m.OS != runtime.GOOS || m.Arch != runtime.GOARCH {
		return agent.UsageError("%q is for %s/%s, and this is %s/%s", c.File, m.OS, m.Arch, runtime.GOOS, runtime.GOARCH)
	}
	if m.Name() == place.Build {
		return agent.UsageError("%s runs already", m.Name())
	}
	now, err := semver.Parse(agent.Release())
	if err != nil || c.AllowDowngrade {
		return nil // a build of somebody's own has no order
	}
	then, err := semver.Parse(m.Version)
	if err == nil && then.Compare(now) <= 0 {
		err = agent.WithCode(agent.ExitUsage, agent.WithHint(
			fmt.Errorf("%s is not newer than %s, which runs", m.Version, agent.Release()), "--allow-downgrade takes it all the same"))
	}
	return err
}

// install unpacks the archive and tries its programs. It returns the name of the version.
func (c *upgradeCmd) install(a *app, place upgrade.Place, archive *programs.Archive) (string, error) {
	name := archive.Manifest.Name()
	folder, err := place.Add(archive)
	if err != nil {
		return "", err
	}
	a.Verbosef("unpacked to %s", folder)
	err = a.try(folder, archive.Manifest)
	if err != nil || c.Check {
		if err := place.Discard(name); err != nil {
			a.Verbosef("removing %s: %v", folder, err)
		}
	}
	return name, err
}
