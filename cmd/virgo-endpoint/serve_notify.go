package main

import (
	"context"
	"log/slog"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/schedule"
)

// rereadNotify is how often notify.yaml, and the files that it refers to, are read again.
const rereadNotify = 15 * time.Second

// A notifying sends notifications while the server runs, by the notify.yaml at present.
type notifying struct {
	*notify.Notifier
	app *app
	dir folder.Dir
	log *slog.Logger
	was *notify.Config
}

// newNotifying reads the folder's notify.yaml. A mistake in it is logged and costs its notifier alone: the server serves.
// It sends nothing before run.
func newNotifying(a *app, dir folder.Dir, o notify.Options) *notifying {
	t := &notifying{app: a, dir: dir, log: o.Log}
	config, drivers, problems := a.notifyConfig(dir)
	t.say(config, problems)
	t.was, o.Config, o.Drivers, o.Now = config, config, drivers, a.now
	t.Notifier = notify.New(o)
	return t
}

// say logs what is wrong with a configuration, and whether anybody is told.
func (t *notifying) say(c *notify.Config, problems []schedule.Problem) {
	for _, p := range problems {
		t.log.Error("mistake in who is told of alarms", "error", positionOf(p), "hint", hintOf(p.Err))
	}
	if c.Silent() {
		t.log.Info("nobody is told of alarms; they are judged and shown", "hint", "notify.yaml in the folder says who is told")
	}
}

// positionOf is a mistake with its place, without the next step.
func positionOf(p schedule.Problem) string {
	place := folder.PlaceOf(p)
	return place.Position()
}

// run sends until the returned function is called.
func (t *notifying) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.app.ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.Run(ctx)
	}()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		t.reread(ctx)
	}()
	return func() {
		cancel()
		<-done
		<-watched
	}
}

// reread takes another configuration when its bytes changed. One that cannot be used at all is logged once, and the last
// good one stays.
func (t *notifying) reread(ctx context.Context) {
	ticker := time.NewTicker(rereadNotify)
	defer ticker.Stop()
	unusable := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		config, drivers, problems := t.app.notifyConfig(t.dir)
		if config == nil {
			if text := positionOf(problems[0]); text != unusable {
				unusable = text
				t.log.Error("notify.yaml cannot be used; the last good one stays", "error", text, "hint", hintOf(problems[0].Err))
			}
			continue
		}
		unusable = ""
		if config.Same(t.was) {
			continue
		}
		t.was = config
		t.log.Info("notify.yaml was read again", "notifiers", len(config.Notifiers))
		t.say(config, problems)
		t.Replace(config, drivers)
	}
}
