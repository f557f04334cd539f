package admin

import (
	"errors"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

func TestSilencesAreChecked(t *testing.T) {
	s := newSite(t)
	hour := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Hour) }
	weekly := watch.Silence{Kind: watch.Quiet, Days: 1, Start: 22 * 60, Length: 8 * time.Hour, Zone: "Europe/Berlin"}
	with := func(change func(*watch.Silence)) watch.Silence {
		c := weekly
		change(&c)
		return c
	}
	for _, good := range []watch.Silence{
		{Kind: watch.OneTime, Until: hour(1)}, weekly,
		with(func(c *watch.Silence) {
			c.Tags, c.Rules, c.Hosts, c.Reason = []string{"web"}, []string{"disk*"}, []string{"db-?"}, "the move"
		}),
		with(func(c *watch.Silence) { c.Kind, c.Until, c.PassCritical = watch.Maintenance, hour(1000), true }),
	} {
		got, err := s.AddSilence(t.Context(), actor(watch.SilencesScope), good)
		if err != nil || got.ID == 0 || got.By != "ann" || got.Created.IsZero() {
			t.Errorf("%+v: %+v, %v", good, got, err)
		}
	}
	for _, bad := range []watch.Silence{
		{}, {Kind: watch.OneTime}, {Kind: watch.OneTime, Until: hour(-1)}, {Kind: watch.OneTime, From: hour(2), Until: hour(1)},
		{Kind: watch.OneTime, Until: hour(24 * 400)}, {Kind: watch.OneTime, Until: hour(1), Days: 1}, {Kind: "other", Until: hour(1)},
		{Kind: watch.OneTime, Until: hour(1), Hosts: []string{"[x"}}, {Kind: watch.OneTime, Until: hour(1), Rules: []string{""}},
		{Kind: watch.OneTime, Until: hour(1), Tags: []string{"a b"}}, {Kind: watch.OneTime, Until: hour(1), Reason: "two\nlines"},
		{Kind: watch.OneTime, Until: hour(1), Hosts: make([]string, maxSelectors+1)},
		with(func(c *watch.Silence) { c.Days = 0 }), with(func(c *watch.Silence) { c.Days = 128 }),
		with(func(c *watch.Silence) { c.Start = 24 * 60 }), with(func(c *watch.Silence) { c.Start = -1 }),
		with(func(c *watch.Silence) { c.Length = 0 }), with(func(c *watch.Silence) { c.Length = 8 * 24 * time.Hour }),
		with(func(c *watch.Silence) { c.Zone = "" }), with(func(c *watch.Silence) { c.Zone = "Local" }), with(func(c *watch.Silence) { c.Zone = "../etc/passwd" }),
	} {
		s.rates = rates{}
		var invalid *Invalid
		if _, err := s.AddSilence(t.Context(), actor(watch.SilencesScope), bad); !errors.As(err, &invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
