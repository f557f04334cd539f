package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/programs"
	"virgo/cmd/internal/renewal"
	"virgo/cmd/internal/upgrade"
	"virgo/schedule/semver"
	"virgo/schedule/shorttext"
	"virgo/schedule/signature"
)

// upgradeSettings returns the settings, and the keys that may sign the programs.
func (a *app) upgradeSettings() (config.Config, signature.Ring, error) {
	cfg, err := a.LoadConfig()
	if err != nil {
		return cfg, nil, err
	}
	if err := cfg.RenewalMistake(); err != nil { // the keys may be among what could not be read
		return cfg, nil, agent.WithCode(agent.ExitUsage, err)
	}
	ring, err := parseSigners(cfg.UpgradeSigners, config.ReadKeyFile)
	if err != nil {
		return cfg, nil, agent.WithCode(agent.ExitUsage, fmt.Errorf("upgrade_signers in %s: %w", a.Paths().Config, err))
	}
	if len(ring) == 0 {
		return cfg, nil, agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no key may sign the programs: there is no upgrade_signers in "+a.Paths().Config),
			"write the public key of whoever makes your archives there: upgrade_signers: [RWQ…]",
		))
	}
	return cfg, ring, nil
}

// read reads and verifies the archive of --file.
func (c *upgradeCmd) read(a *app) (*programs.Archive, signature.Signed, error) {
	_, ring, err := a.upgradeSettings()
	if err != nil {
		return nil, signature.Signed{}, err
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
	if err != nil {
		err = fmt.Errorf("%q: %w", c.File, err)
		if errors.Is(err, signature.ErrUnsigned) {
			return nil, signed, agent.WithHint(err, "minisign -Sm "+shorttext.QuoteShell(c.File))
		}
		return nil, signed, strangeKey(err)
	}
	archive, err := programs.Open(b)
	if err != nil {
		return nil, signed, fmt.Errorf("%q: %w", c.File, err)
	}
	return archive, signed, c.suits(archive.Manifest, c.File)
}

// strangeKey adds what a person may do about a key that is not in the settings.
func strangeKey(err error) error {
	if errors.Is(err, signature.ErrUnknownKey) {
		return agent.WithHint(err, "if you know whose key it is, add it to upgrade_signers in virgo.yaml")
	}
	return err
}

// A source of programs is the endpoint, from which they are fetched under the lock of the place.
func (c *upgradeCmd) source(a *app, place upgrade.Place) (*renewal.Programs, error) {
	cfg, ring, err := a.upgradeSettings()
	if err != nil {
		return nil, err
	}
	ag := a.NewAgent(cfg)
	if len(ag.Endpoints) == 0 {
		return nil, agent.WithHint(agent.WithCode(agent.ExitUsage, agent.ErrNoEndpoint),
			"virgo upgrade --file ARCHIVE takes a file")
	}
	if ag.Spool, err = a.OpenSpool(cfg); err != nil {
		return nil, err
	}
	ag.BundleChannel = cfg.Bundles.Channel
	return &renewal.Programs{
		Link: ag.Config, Folder: place.Lib, Ring: ring, Wants: c.wants,
		OS: runtime.GOOS, Arch: runtime.GOARCH, MaxBytes: programs.MaxArchiveBytes,
	}, nil
}

// wants reports whether a version of the endpoint is to be fetched.
func (c *upgradeCmd) wants(version string) bool {
	if version == agent.Release() {
		return false
	}
	now, err := semver.Parse(agent.Release())
	if err != nil || c.AllowDowngrade {
		return true
	}
	then, err := semver.Parse(version)
	return err == nil && then.Compare(now) > 0
}

// fetch fetches and verifies the endpoint's archive. offered is its version, empty where it has
// none; without an archive it is not newer than what runs.
func (c *upgradeCmd) fetch(a *app, from *renewal.Programs) (
	archive *programs.Archive, signed signature.Signed, offered string, err error,
) {
	ctx, cancel := context.WithTimeout(a.Context, c.Deadline)
	defer cancel()
	out, err := from.Fetch(ctx)
	var refused *signature.Error
	switch {
	case errors.Is(err, signature.ErrUnknownKey), errors.Is(err, signature.ErrUnsigned), errors.As(err, &refused):
		return nil, signed, "", strangeKey(err)
	case err != nil:
		return nil, signed, "", notFetched("the archive", err)
	case out.Content == nil:
		return nil, signed, out.Version, nil
	}
	a.Verbosef("fetched %s, signed by the key %s", out.File, out.Signed.Key.ID)
	if archive, err = c.open(out); err != nil {
		return nil, signed, "", errors.Join(err, from.Forget())
	}
	return archive, out.Signed, out.Version, nil
}

// open opens an archive of the endpoint.
func (c *upgradeCmd) open(out renewal.FetchedArchive) (*programs.Archive, error) {
	archive, err := programs.Open(out.Content)
	if err == nil && archive.Manifest.Version != out.Version {
		err = fmt.Errorf("the endpoint offers %s and sends %s", out.Version, archive.Manifest.Version)
	}
	if err == nil {
		err = c.suits(archive.Manifest, out.File)
	}
	return archive, err
}

// suits returns an error for an archive for another system, or of a version that is not newer.
func (c *upgradeCmd) suits(m programs.Manifest, file string) error {
	if m.OS != runtime.GOOS || m.Arch != runtime.GOARCH {
		return agent.UsageError("%q is for %s/%s, and this is %s/%s", file, m.OS, m.Arch, runtime.GOOS, runtime.GOARCH)
	}
	if m.Name() == programs.VersionName(agent.Release(), agent.Commit()) {
		return agent.UsageError("%s runs already", m.Name())
	}
	now, err := semver.Parse(agent.Release())
	if err != nil || c.AllowDowngrade {
		return nil // a build of somebody's own has no order
	}
	then, err := semver.Parse(m.Version)
	if err == nil && then.Compare(now) <= 0 {
		err = agent.WithCode(agent.ExitUsage, agent.WithHint(
			fmt.Errorf("%s is not newer than %s, which runs", m.Version, agent.Release()),
			"--allow-downgrade takes it all the same"))
	}
	return err
}
