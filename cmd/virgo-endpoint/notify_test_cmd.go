package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/schedule"
	"virgo/schedule/shorttext"
)

type notifyTestCmd struct {
	Name string        `arg:"" help:"Name of a notifier in notify.yaml."`
	Wait time.Duration `default:"30s" help:"Longest wait for whoever delivers it. Default: ${default}."`
}

func (notifyTestCmd) Help() string {
	return "Prints how long it took until the message was taken over; 1 means that it was not, and why. " +
		"Silences do not hold it back, and nothing waits in the queue."
}

type notifyTestDocument struct {
	document
	Notifier string `json:"notifier"`
	Kind     string `json:"kind"`
	TookMS   int64  `json:"took_ms"`
}

func (c *notifyTestCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	config, drivers, problems := a.notifyConfig(dir)
	if config == nil {
		return a.explain(problems[0].Err)
	}
	one := config.Notifier(c.Name)
	if one == nil {
		return a.noSuchNotifier(dir, config, c.Name)
	}
	if one.Fault != nil {
		return &failure{exitUsage, errors.New(folder.Describe(schedule.Problem{Err: one.Fault})), ""}
	}
	one.Timeout = min(one.Timeout, c.Wait)
	ctx, cancel := context.WithTimeout(a.ctx, c.Wait+time.Second)
	defer cancel()
	began := time.Now()
	n := notify.New(notify.Options{Config: config, Drivers: drivers, Now: a.now, Log: slog.New(slog.DiscardHandler)})
	if err := n.Test(ctx, c.Name); err != nil {
		return &failure{exitUnexpected, fmt.Errorf("the notifier %q: %w", c.Name, err), hintOf(err)}
	}
	took := time.Since(began)
	if a.JSON {
		return a.printJSON(notifyTestDocument{document{schemaVersion}, c.Name, one.Kind(), took.Milliseconds()})
	}
	return a.print(fmt.Appendf(nil, "sent in %.1f s\n", took.Seconds()))
}

// noSuchNotifier is the error for a name that notify.yaml has not.
func (a *app) noSuchNotifier(dir folder.Dir, c *notify.Config, name string) error {
	err := fmt.Errorf("%w: %q", notify.ErrNoSuchNotifier, name)
	names := c.Names()
	if len(names) == 0 {
		return &failure{exitUsage, err, "there is none in " + shorttext.QuoteShell(dir.NotifyFile()) + ": nobody is told of alarms"}
	}
	hint := "one of " + strings.Join(names, ", ")
	if near := shorttext.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return &failure{exitUsage, err, hint}
}

// hintOf is the next step that an error has; empty if it has none.
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}
