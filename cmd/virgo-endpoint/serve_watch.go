package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/control"
	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/question"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// maintainEvery is how often control.db is tidied up.
const maintainEvery = time.Hour

// A watcher is what a server does with results besides storing them: it passes new ones on to those who follow them.
type watcher struct {
	dir   folder.Dir
	store *store.Store
	// control is nil for a server without alarms, page and API.
	control *control.DB
	feed    *feed.Feed
	live    *live.Table
	log     *slog.Logger
	// at is where the store stood at the start.
	at int64
	// alarms is nil with --no-alarms.
	alarms *alarms
	// telling is nil with --no-alarms too.
	telling *notifying
	// passing has the outputs.
	passing *passing
	// follows is true once the feed runs.
	follows bool
	// questions is nil without control.
	questions *question.Asker

	tasks  sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc
}

// watch opens what a server remembers besides results, if it remembers anything: one without alarms, page and API needs no
// control.db. Nothing runs before begin; the caller calls close in any case.
func (a *app) watch(dir folder.Dir, st *store.Store, remembers bool, log *slog.Logger) (*watcher, error) {
	w := &watcher{dir: dir, store: st, feed: feed.New(st, log, a.now), live: live.New(st, a.now), log: log}
	// What is stored from now on is followed, the rest is read.
	var err error
	if w.at, err = feed.Place(a.ctx, st); err != nil {
		return nil, a.explain(err)
	}
	if remembers {
		if err := w.remember(a); err != nil {
			return nil, err
		}
		w.questions = question.New(question.Options{Store: w.control.HostInfo(), Agents: st, Log: log, Now: a.now})
	}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(a.ctx))
	w.feed.Add(w.live, w.at)
	return w, nil
}

// remember opens control.db, if it is not open. Once the watcher has begun only the task of the outputs calls it.
func (w *watcher) remember(a *app) error {
	if w.control != nil {
		return nil
	}
	db, err := a.servedControl(w.dir, w.log)
	if err == nil {
		w.control = db
	}
	return err
}

// follow makes the feed run, if it does not, and control.db is tidied up from now on.
func (w *watcher) follow() {
	if w.follows {
		return
	}
	w.follows = true
	w.run(func(ctx context.Context) { _ = w.feed.Run(ctx) })
	if w.control != nil {
		w.run(func(ctx context.Context) { w.control.MaintainEvery(ctx, maintainEvery) })
	}
}

// wake returns an intake that tells those who follow results of each batch.
func (w *watcher) wake(in intake.Intake) intake.Intake { return w.feed.Wake(in) }

// begin starts all that runs beside the server. shown is true if somebody may ask for the latest values.
func (w *watcher) begin(shown bool) {
	if shown {
		w.run(func(ctx context.Context) { _ = w.live.Run(ctx) })
	} else {
		w.feed.Remove(w.live.Name())
	}
	if shown || w.alarms != nil || len(w.passing.now) > 0 {
		w.follow()
	}
	w.run(w.passing.reread)
	if w.questions != nil {
		w.run(w.questions.Run)
	}
	if w.alarms != nil {
		w.run(w.alarms.engine.Run)
	}
	if w.telling != nil {
		w.run(w.telling.Run)
		w.run(w.telling.reread)
	}
}

// run starts a task that ends with the server.
func (w *watcher) run(task func(context.Context)) { w.tasks.Go(func() { task(w.ctx) }) }

// close ends what runs, and closes control.db.
func (w *watcher) close() {
	w.cancel()
	w.tasks.Wait()
	if w.control == nil {
		return
	}
	if err := w.control.Close(); err != nil {
		w.log.Error("what is stored besides results was not closed", "error", err)
	}
}
