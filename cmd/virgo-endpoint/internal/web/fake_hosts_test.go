package web

import (
	"context"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule/alarm"
)

// noon is the time of tests.
var noon = time.Date(2026, 11, 24, 13, 20, 0, 0, time.UTC)

// fakeHosts are rows as a fleet has them.
type fakeHosts struct {
	rows    []live.Row
	changes chan live.Change
}

func (f *fakeHosts) Rows(time.Time) []live.Row { return f.rows }

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
			{Known: true, Value: float64(i*91%977) * 1024, Share: -1, Text: fmt.Sprintf("%d KB/s", i*91%977), Unit: "B/s"},
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
	mark(at(0), alarm.Critical, "disk of /var/lib/postgresql 98 % (over 97 %), full in 1 h", 14*time.Minute)
	mark(at(0), alarm.Warning, "load 19.2 (over 16)", 9*time.Minute)
	at(0).Figures[live.Disk] = share(98, "/var/lib/postgresql")
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
		at(11).Name = "a-host-whose-name-somebody-made-as-long-as-the-protocol-allows.example.com"
	}
	return f
}

func share(percent float64, note string) live.Figure {
	return live.Figure{Known: true, Value: percent, Share: float32(percent / 100), Text: fmt.Sprintf("%.0f %%", percent), Unit: "%", Note: note}
}
