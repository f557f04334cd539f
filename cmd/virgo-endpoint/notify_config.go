package main

import (
	"errors"
	"fmt"
	"os"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/cmd/virgo-endpoint/internal/notify/chat"
	"virgo/cmd/virgo-endpoint/internal/notify/mail"
	"virgo/cmd/virgo-endpoint/internal/notify/program"
	"virgo/cmd/virgo-endpoint/internal/notify/webhook"
	"virgo/schedule"
	"virgo/schedule/yaml/full"
)

// notifyConfig reads the folder's notify.yaml, and makes the drivers of its notifiers. The configuration is nil where
// none of the file can be used.
func (a *app) notifyConfig(dir folder.Dir) (*notify.Config, map[string]notify.Driver, []schedule.Problem) {
	c, problems := notify.Reader{Parse: full.Parse, Getenv: os.Getenv}.Load(dir.NotifyFile())
	if c == nil {
		return nil, nil, problems
	}
	drivers := make(map[string]notify.Driver)
	for i := range c.Notifiers {
		n := &c.Notifiers[i]
		d, err := a.driver(n)
		switch {
		case err != nil:
			n.Fault = fmt.Errorf("the notifier %q: %w", n.Name, err)
			problems = append(problems, schedule.Problem{Err: n.Fault})
		case d != nil:
			drivers[n.Name] = d
		}
	}
	return c, drivers, problems
}

// driver returns the one of a notifier; nil for one with a fault.
func (a *app) driver(n *notify.NotifierConfig) (notify.Driver, error) {
	switch {
	case n.Fault != nil:
		return nil, nil
	case n.Mail != nil:
		return mail.New(*n.Mail), nil
	case n.Webhook != nil:
		return webhook.New(*n.Webhook, a.now)
	case n.Chat != nil:
		return chat.New(*n.Chat)
	case n.Command != nil:
		return program.New(*n.Command, os.Getenv), nil
	}
	return nil, errors.New("it says no way to tell")
}
