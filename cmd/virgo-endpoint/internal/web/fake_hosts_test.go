package web

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// noon is the time of tests.
var noon = time.Date(2026, 11, 24, 13, 20, 0, 0, time.UTC)

// fakeHosts are rows as a fleet has them.
type fakeHosts struct {
	mu      sync.Mutex
	rows    []live.Row
	unread  bool
	changes chan live.Change
}

func (f *fakeHosts) Rows(time.Time) []live.Row {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.rows)
}

func (f *fakeHosts) Loaded() bool { return !f.unread }

func (f *fakeHosts) Subscribe(ctx context.Context) <-chan live.Change { return f.changes }

// fleet returns the rows of n hosts: the first have what can be wrong.
func fleet(n int) *fakeHosts {
	f := &fakeHosts{changes: make(chan live.Change)}
	kinds := []string{"web", "db", "cache", "build", "mail", "edge", "backup", "queue"}
	sites := []string{"fra", "ams", "nyc"}
	for i := range n {
		kind, site := kinds[i%len(kinds)], sites[i/len(kinds)%len(sites)]
		r := live.Row{Agent: intake.AgentNumber(i + 1), ID: fmt.Sprintf("%s-%s-%02d", kind, site, i/24+1), Tags: []string{kind, site},
			Health: report.OK, LastSeen: noon.Add(-20 * time.Second)}
		r.Name = r.ID
		cpu, mem, disk := float64(i*37%83)+2, float64(i*53%61)+22, float64(i*29%70)+15
		r.Figures = [live.Figures]live.Figure{
			share(cpu, "agent.cpu"), share(mem, "15.3 of 31.2 GiB"), share(disk, "/srv"),
			{Known: true, Value: float64((i*91+137)%977) * 1024, Share: -1, Text: fmt.Sprintf("%d KB/s", (i*91+137)%977), Unit: "B/s"},
			{Known: true, Value: float64(i%13) / 4, Share: float32(i%13) / 32, Text: fmt.Sprintf("%.2f", float64(i%13)/4)},
			{Share: -1, Text: "–"},
			{Known: true, Value: 0, Share: -1, Text: "0"},
		}
		if i%5 == 2 {
			r.Figures[live.Temperature] = live.Figure{Known: true, Value: 41, Share: -1, Text: "41 °C"}
		}
		f.rows = append(f.rows, r)
	}
	if n < 5 {
		return f
	}
	at := func(i int) *live.Row { return &f.rows[i] }
	mark := func(r *live.Row, s alarm.State, text string, since time.Duration) {
		r.Alarms = append(r.Alarms, live.Mark{State: s, Rule: "disk", Text: text, Since: noon.Add(-since)})
		if s.Worse(r.State) {
			r.State = s
		}
	}
	mark(at(0), alarm.Critical, "disk of /srv 98 % (over 97 %), full in 1 h", 14*time.Minute)
	mark(at(0), alarm.Warning, "load 19.2 (over 16)", 9*time.Minute)
	at(0).Figures[live.Disk] = share(98, "/srv")
	at(0).Figures[live.Disk].Level = alarm.Critical
	mark(at(1), alarm.Warning, "memory 93 % (over 90 %)", 3*time.Hour)
	at(1).Alarms[0].AckedBy = "ann"
	at(1).Figures[live.Memory] = share(93, "29 of 31.2 GiB")
	at(1).Figures[live.Memory].Level = alarm.Warning
	for i, s := range []string{"silent; 3 h of results may be waiting there", "down, or off the network"} {
		r := at(2 + i)
		r.Health, r.State, r.Stale, r.Situation = report.Silent, alarm.Silent, true, s
		r.Since, r.LastSeen = noon.Add(-3*time.Hour), noon.Add(-3*time.Hour-time.Minute)
		r.Figures[live.Waiting] = live.Figure{Share: -1, Text: "–"}
	}
	at(4).Health = report.Refused
	if n > 19 {
		at(17).Name = "a-host-whose-name-somebody-made-as-long-as-the-protocol-allows.example.com"
	}
	return f
}

func share(percent float64, note string) live.Figure {
	return live.Figure{Known: true, Value: percent, Share: float32(percent / 100), Text: fmt.Sprintf("%.0f %%", percent), Unit: "%", Note: note}
}

// fakeAlarms are the alarms of fake hosts, and a history.
type fakeAlarms struct {
	standing []watch.Standing
	changes  []watch.Change
}

func (f *fakeAlarms) Standing() []watch.Standing { return f.standing }

func (f *fakeAlarms) Changes(_ context.Context, want watch.ChangeFilter, fn func(watch.Change) error) error {
	for _, c := range f.changes {
		if c.At.Before(want.From) || want.Agent != 0 && c.Agent != want.Agent {
			continue
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func alarmsOf(hosts *fakeHosts) *fakeAlarms {
	f := &fakeAlarms{}
	for i := range hosts.rows {
		r := &hosts.rows[i]
		for _, m := range r.Alarms {
			f.standing = append(f.standing, watch.Standing{Key: watch.Key{Rule: m.Rule, Agent: r.Agent, CheckID: "root"},
				AgentID: r.ID, Host: r.Name, Tags: r.Tags, State: m.State, Since: m.Since, Text: m.Text, AckedBy: m.AckedBy})
		}
		if r.State == alarm.Silent {
			f.standing = append(f.standing, watch.Standing{Key: watch.Key{Rule: "silent", Agent: r.Agent},
				AgentID: r.ID, Host: r.Name, Tags: r.Tags, State: alarm.Silent, Since: r.Since, Text: "silent for more than 3 periods"})
		}
	}
	if len(hosts.rows) < 6 {
		return f
	}
	for i, c := range []watch.Change{
		{State: alarm.Critical, Text: "disk of /srv 98 % (over 97 %)"},
		{State: alarm.Warning, Text: "memory 93 % (over 90 %)", Until: noon.Add(-time.Hour)},
		{State: alarm.Critical, Text: "load 41 (over 40)", Kind: watch.Late, Until: noon.Add(-5 * time.Hour)},
		{State: alarm.Silent, Text: "12 of 16 hosts with the tag fra are silent", Kind: watch.Fleet, Until: noon.Add(-25 * time.Hour)},
		{State: alarm.Warning, Text: "certificate of https://example.com ends in 13 days", Kind: watch.Silenced, Until: noon.Add(-40 * time.Hour)},
	} {
		r := &hosts.rows[i]
		c.ID, c.Key, c.AgentID, c.Host = int64(i+1), watch.Key{Rule: "r", Agent: r.Agent, CheckID: "root"}, r.ID, r.Name
		c.At = noon.Add(-time.Duration(i*i*3+1) * time.Hour)
		if i == 3 {
			c.Agent, c.AgentID, c.Host = 0, "", ""
		}
		f.changes = append(f.changes, c)
	}
	return f
}
