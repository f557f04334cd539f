package main

import (
	"context"
	"time"

	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
	rule "virgo/schedule/alarm"
	"virgo/schedule/yaml/full"
)

// withAlarms adds what the API says of alarms, and how they are acknowledged; nothing with --no-alarms.
func (w *watcher) withAlarms(a *app, opt *api.Options) {
	opt.Outputs = w.passing.outputs
	if w.alarms == nil {
		return
	}
	opt.Alarms, opt.Trial = shownAlarms{w.alarms.engine, w.control.Alarms()}, w.trial(a)
	opt.Notifiers = w.receivers
}

// ackedAlarms has the engine know of an acknowledgement at once.
type ackedAlarms struct {
	watch.Alarms
	engine *alarm.Engine
}

// Acknowledge implements watch.Alarms.
func (a ackedAlarms) Acknowledge(ctx context.Context, k watch.Key, by string, at time.Time) error {
	return a.engine.Acknowledge(ctx, k, by, at)
}

// receivers are the notifiers, without where they send to.
func (w *watcher) receivers(ctx context.Context) ([]api.Receiver, error) {
	states, err := w.telling.States(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]api.Receiver, 0, len(states))
	for _, s := range states {
		r := api.Receiver{NotifierState: s.NotifierState, Kind: s.Kind}
		if s.Fault != nil {
			r.Fault = folder.Describe(schedule.Problem{Err: s.Fault})
		}
		list = append(list, r)
	}
	return list, nil
}

// trial judges the stored results of all hosts by the rules of a file alone.
func (w *watcher) trial(a *app) api.Trial {
	const name = "rules.yaml"
	return func(ctx context.Context, data []byte, since, until time.Time, fn func(watch.Firing) error) ([]schedule.Problem, error) {
		rules, problems := alarm.RulesOf(name, data, full.Parse, a.now)
		if len(problems) > 0 {
			return problems, nil
		}
		set, _ := rule.Parse(name, data, full.Parse)
		named := map[string]bool{}
		for _, r := range set.Rules {
			named[r.ID] = true
		}
		for _, o := range set.Overrides {
			named[o.Of] = true
		}
		agents, err := w.store.Agents(ctx, "")
		if err != nil {
			return nil, err
		}
		var hosts []alarm.ReplayHost
		for i := range agents {
			if ag := &agents[i]; ag.Who.Removed.IsZero() {
				h := alarm.ReplayHost{Agent: ag.Number, Facts: rule.Host{ID: ag.ID, Name: ag.Name, Tags: ag.Who.Tags}}
				if ag.ClockOffsetMS != nil {
					h.Facts.ClockOffset = time.Duration(*ag.ClockOffsetMS) * time.Millisecond
				}
				hosts = append(hosts, h)
			}
		}
		return nil, alarm.Replay(ctx, rules, hosts, w.store, since, until, func(id string) bool { return named[id] }, fn)
	}
}
