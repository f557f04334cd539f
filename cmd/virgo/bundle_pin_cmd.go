package main

import (
	"fmt"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/installed"
	"virgo/schedule/semver"
)

type bundlePinCmd struct {
	Version string `arg:"" optional:"" help:"The only version to take, the installed one by default; none: any."`
}

// Help returns the text below the summary in the help.
func (bundlePinCmd) Help() string {
	return "A host that is pinned to a version takes no other, neither from the endpoint nor from a file."
}

type pinDocument struct {
	document
	Pin string `json:"pin"`
}

func (c *bundlePinCmd) Run(a *app) error {
	if c.Version != "" && c.Version != "none" {
		if _, err := semver.Parse(c.Version); err != nil {
			return agent.WithCode(agent.ExitUsage, err)
		}
	}
	_, after, err := a.changeBundle(func(l *installed.Locked) (installed.Installed, error) {
		version := c.Version
		switch version {
		case "none":
			version = ""
		case "":
			i, err := l.Installed()
			if err != nil {
				return i, err
			}
			if version = i.Current.Version; version == "" {
				return i, agent.WithHint(installed.ErrNoBundle, "virgo bundle pin VERSION says which one is to be taken")
			}
		}
		return l.SetPin(version)
	})
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(pinDocument{document{schemaVersion}, after.Pin})
	}
	text := "pinned to " + after.Pin
	if after.Pin == "" {
		text = "not pinned: newer versions are taken"
	}
	_, err = fmt.Fprintln(a.Out, text)
	return err
}
