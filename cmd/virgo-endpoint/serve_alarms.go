package main

import (
	"cmp"
	"encoding/json"
	"time"

	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/yaml/full"
)

// alarms are what judges results.
type alarms struct {
	rules  *alarm.Rules
	engine *alarm.Engine
}

// judge makes a watcher judge results by the rules in the folder. Who is told of an event is up to route; nil: nobody.
func (w *watcher) judge(a *app, schedule func(agentID string) (json.RawMessage, string, error), cert *folder.Certificate, route func(watch.Event) []watch.Row) error {
	rules := alarm.LoadRules(w.dir.AlarmsDir(), full.Parse, a.now)
	engine, err := alarm.New(a.ctx, alarm.Options{
		Rules: rules, Store: w.control.Alarms(), Silences: w.control.Silences(), Queue: w.control.Queue(), Settings: w.control.Settings(),
		Agents: w.store, Schedule: schedule, History: w.store, Results: w.store, Feed: w.store,
		Route: route, Changed: w.live.Touch,
		CertificateEnds: func() time.Time { return cert.Leaf().NotAfter },
		Now:             a.now, Log: w.log,
	})
	if err != nil {
		return a.explain(err)
	}
	w.alarms = &alarms{rules, engine}
	w.feed.Add(engine, cmp.Or(engine.Cursor(), w.at)) // the first time it begins with what comes now
	w.live.SetAlarms(engine)
	return nil
}
