package main

import (
	"errors"
	"fmt"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/installed"
	"virgo/schedule/signature"
)

// A bundleFile is a bundle of checks that was read, with what it is called in messages.
type bundleFile struct {
	label string
	raw   []byte
	sigs  signature.Signatures
}

// readFile reads a bundle and the signatures beside it.
func readFile(path string) (bundleFile, error) {
	raw, err := readBundle(path)
	if err != nil {
		return bundleFile{}, err
	}
	sigs, err := signature.ReadBeside(path)
	if err != nil {
		return bundleFile{}, agent.WithCode(agent.ExitUsage, err)
	}
	return bundleFile{path, raw, sigs}, nil
}

// readInstalled reads the installed bundle as it was installed.
func (a *app) readInstalled() (bundleFile, error) {
	folder := a.bundles()
	i, err := folder.Installed()
	if err != nil && !errors.Is(err, installed.ErrDamaged) {
		return bundleFile{}, err
	}
	if i.Current.IsZero() {
		return bundleFile{}, agent.WithHint(installed.ErrNoBundle,
			"name a file, or install one: virgo bundle update FILE")
	}
	c, err := folder.Read(i.Current)
	if err != nil {
		return bundleFile{}, fmt.Errorf("the installed bundle: %w", err)
	}
	return bundleFile{"installed " + i.Current.String(), c.File, c.Signatures}, nil
}
