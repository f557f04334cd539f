package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
)

// rereadNotify is how often notify.yaml, and the files that it refers to, are read again.
const rereadNotify = 15 * time.Second

// judgedWithin is how long ago alarms were judged last while all is well: the engine notes that each minute.
// healthTimeout bounds the question.
const (
	judgedWithin  = 3 * time.Minute
	healthTimeout = 5 * time.Second
)

// A notifying sends notifications while the server runs, by the notify.yaml at present.
type notifying struct {
	*notify.Notifier
	app *app
	dir folder.Dir
	log *slog.Logger
	was *notify.Config
}

// tell makes a watcher send notifications, once it has begun.
func (w *watcher) tell(a *app) {
	w.telling = newNotifying(a, w.dir, notify.Options{Queue: w.control.Queue(), Standing: w.standing, Healthy: w.healthy, Log: w.log})
}

// linkTo makes notifications have links to the page, if there is one. Where it listens on all addresses, they have this
// host's name.
func (w *watcher) linkTo(page *webListener) {
	if w.telling == nil || page == nil {
		return
	}
	link := page.url()
	at, ok := page.listener.Addr().(*net.TCPAddr)
	if name, err := os.Hostname(); page.public == "" && ok && at.IP.IsUnspecified() && err == nil {
		link = strings.Replace(link, at.String(), net.JoinHostPort(name, strconv.Itoa(at.Port)), 1)
	}
	w.telling.LinkTo(link)
}

// standing returns how an alarm stands, and false if it is over.
func (w *watcher) standing(key watch.Key) (watch.Standing, bool) { return w.alarms.engine.Find(key) }

// healthy returns why somebody elsewhere should think that this endpoint is away: results are not judged, or what follows
// from them cannot be stored.
func (w *watcher) healthy() error {
	ctx, cancel := context.WithTimeout(w.ctx, healthTimeout)
	defer cancel()
	at, err := alarm.AtWork(ctx, w.control.Settings())
	switch age := w.telling.app.now().Sub(at); {
	case err != nil:
		return err
	case age > judgedWithin:
		return fmt.Errorf("alarms were judged last at %s", at.Format(time.RFC3339))
	}
	for _, f := range w.feed.Status() {
		if f.Name == w.alarms.engine.Name() && f.Behind > 0 && f.Err != nil {
			return fmt.Errorf("%d results wait to be judged: %w", f.Behind, f.Err)
		}
	}
	return nil
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
