package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/atomicfile"
	"virgo/schedule/scriptbundle"
)

// bundleCmd is about bundles of checks. Those of `virgo spool export` hold results.
type bundleCmd struct {
	Build  bundleBuildCmd  `cmd:"" help:"Make a bundle of checks from folders of scripts."`
	Keygen bundleKeygenCmd `cmd:"" help:"Make a pair of keys that sign bundles of checks."`
	Sign   bundleSignCmd   `cmd:"" help:"Sign a bundle of checks."`
	Verify bundleVerifyCmd `cmd:"" help:"Say whether agents would take a bundle of checks, and who signed it."`
	Show   bundleShowCmd   `cmd:"" help:"Show what is in a bundle of checks, and what its checks need."`

	Update   bundleUpdateCmd   `cmd:"" help:"Install a bundle of checks: a file, or what the endpoint has."`
	List     bundleListCmd     `cmd:"" help:"Show the installed bundle of checks, the previous one, and those that are not taken."`
	Rollback bundleRollbackCmd `cmd:"" help:"Return to the previous bundle of checks."`
	Pin      bundlePinCmd      `cmd:"" help:"Take only one version of the bundle of checks."`
}

// resultsMagic begins a bundle of `virgo spool export`.
const resultsMagic = "virgo-bundle"

// readBundle reads the bytes of a bundle of checks.
func readBundle(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(fmt.Errorf("there is no file %q", path), "virgo bundle build DIR makes a bundle"))
	}
	if err != nil {
		return nil, agent.WithCode(agent.ExitUsage, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, scriptbundle.MaxBundleBytes+1))
	if err != nil {
		return nil, agent.WithCode(agent.ExitUsage, fmt.Errorf("reading %q: %w", path, err))
	}
	return b, nil
}

// parseBundle is scriptbundle.Parse, with the name of the file in its error.
func parseBundle(path string, b []byte) (*scriptbundle.Bundle, error) {
	bundle, err := scriptbundle.Parse(b)
	if err == nil {
		return bundle, nil
	}
	err = fmt.Errorf("%q: %w", path, err)
	if len(b) >= len(resultsMagic) && string(b[:len(resultsMagic)]) == resultsMagic {
		return nil, agent.WithHint(err, "it holds results (virgo spool export): virgo flush --from "+path)
	}
	return nil, err
}

// writePublic writes a file that everybody may read, in the place of another one.
func writePublic(path string, data []byte) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return f.Replace()
}
