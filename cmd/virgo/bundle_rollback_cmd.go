package main

import (
	"fmt"

	"virgo/cmd/internal/installed"
)

type bundleRollbackCmd struct {
	To string `placeholder:"VERSION" help:"Only if this is the previous version."`
}

// Help returns the text below the summary in the help.
func (bundleRollbackCmd) Help() string {
	return "Returns to the previous bundle. The one that is left is not taken again, unless virgo " +
		"bundle update FILE --force installs it."
}

func (c *bundleRollbackCmd) Run(a *app) error {
	before, after, err := a.changeBundle(func(l *installed.Locked) (installed.Installed, error) {
		i, err := l.Installed()
		switch {
		case err != nil:
			return i, err
		case i.Previous.IsZero():
			return i, installed.ErrNoPrevious
		case c.To != "" && c.To != i.Previous.Version:
			return i, fmt.Errorf("the previous bundle is %s, not %q", i.Previous, c.To)
		}
		return l.SwitchBack(i.Current.SHA256, "a person went back from it", a.Now())
	})
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(updateDocument{
			document: document{schemaVersion}, Name: before.Current.Name, Before: before.Current.Version,
			Version: after.Current.Version, State: string(after.State),
		})
	}
	_, err = fmt.Fprintf(a.Out, "%s; %s is not taken again\n",
		changeText(before.Current, after.Current), before.Current.Version)
	return err
}
