package live

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule/alarm"
)

// A fleet is a store with hosts, and the table that follows it.
type fleet struct {
	*intaketest.Memory
	access intake.Access
	in     intake.Intake
	ids    int
	*Table
}

// newFleet runs a table until the test ends.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{Memory: &intaketest.Memory{}}
	_, _, f.access = intaketest.NewToken(t, f.Memory)
	f.Table = New(f.Memory, time.Now)
	passing := feed.New(f.Memory, slog.New(slog.DiscardHandler), time.Now)
	passing.Add(f.Table, feed.FromNewest)
	f.in = passing.Wake(f.Memory)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	go func() { passing.Run(ctx); ended <- struct{}{} }()
	go func() { f.Run(ctx); ended <- struct{}{} }()
	t.Cleanup(func() { cancel(); <-ended; <-ended })
	return f
}

// put stores a result of now, and waits until the table has it.
func (f *fleet) put(t *testing.T, agent, check, typ, metrics string, change ...func(*intake.Result)) {
	t.Helper()
	f.ids++
	r := intake.Result{ResultID: fmt.Sprint(f.ids), CheckID: check, CheckType: typ, State: "available", Time: time.Now(), Received: time.Now(),
		Params: []byte(`{"min_check_period":60000,"metrics":` + metrics + `}`)}
	for _, c := range change {
		c(&r)
	}
	outcomes, err := f.in.Append(t.Context(), []intake.Arrival{{AgentID: agent, Access: f.access, Received: time.Now(),
		Hello: &intake.Hello{Name: strings.ToUpper(agent), Remote: "192.0.2.1:1"}, Results: []intake.Result{r}}})
	if err != nil || outcomes[0].Err != nil {
		t.Fatal(err, outcomes)
	}
	time.Sleep(time.Second)
	synctest.Wait()
}

func (f *fleet) row(t *testing.T, agent string) Row {
	t.Helper()
	r, ok := f.Row(agent, time.Now())
	if !ok {
		t.Fatalf("there is no row of %q", agent)
	}
	return r
}

func TestEmptyTable(t *testing.T) {
	table := New(&intaketest.Memory{}, time.Now)
	if rows := table.Rows(time.Now()); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	if _, ok := table.Row("a", time.Now()); ok {
		t.Error("a row of nobody")
	}
}

// Each figure of a row, from results as hosts send them.
func TestFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.put(t, "a", "cpu", "agent.cpu", `[[null,{"usage_average":{"t":"double","v":"37.25","u":"percent"},"cpu_count":{"t":"uint64","v":"4"}}]]`)
		f.put(t, "a", "memory", "agent.memory", `[[null,{"total":{"t":"gauge","v":"8589934592"},"actual_free":{"t":"gauge","v":"6442450944"}}]]`)
		f.put(t, "a", "fs", "agent.filesystem", `[["/",{"used":{"t":"int64","v":"50"},"avail":{"t":"int64","v":"50"}}],["/var",{"used":{"t":"int64","v":"3145728"},"avail":{"t":"int64","v":"1048576"}}]]`)
		f.put(t, "a", "home", "agent.filesystem", `[[null,{"used":{"t":"int64","v":"1"},"avail":{"t":"int64","v":"9"}}]]`)
		f.put(t, "a", "load", "agent.load_average", `[[null,{"1m":{"t":"double","v":"1"}}]]`)
		f.put(t, "a", "self", "agent.virgo", `[[null,{"spool_results":{"t":"uint64","v":"12"},"spool_oldest_age":{"t":"double","v":"180"}}]]`)
		f.put(t, "a", "room", "agent.plugin", `[["rack",{"air_temperature":{"t":"double","v":"21.6","u":"C"}}],["top",{"air_temperature":{"t":"double","v":"30","u":"C"}}]]`)
		traffic := func(lo, eth int) string {
			return fmt.Sprintf(`[["eth0",{"rx_bytes":{"t":"gauge","v":"%d"},"tx_bytes":{"t":"gauge","v":"0"}}],["lo",{"rx_bytes":{"t":"gauge","v":"%d"}}]]`, eth, lo)
		}
		f.put(t, "a", "net", "agent.network", traffic(1000, 1000))
		row := f.row(t, "a")
		var got []string
		for i, one := range row.Figures {
			got = append(got, fmt.Sprintf("%s=%s/%.2f/%s", FigureNames()[i], one.Text, one.Share, one.Note))
		}
		want := []string{"CPU=37 %/0.37/", "memory=25 %/0.25/2.0 GiB of 8.0 GiB", "disk=75 %/0.75//var: 1.0 GiB left", "network=–/-1.00/",
			"load=1.00/0.25/of 4 processors", "temperature=30 °C/-1.00/top", "waiting=12/-1.00/the oldest for 3 min"}
		if !slices.Equal(got, want) {
			t.Errorf("%q\nwant\n%q", got, want)
		}
		f.put(t, "a", "net", "agent.network", traffic(9_000_000, 3048)) // a second later
		if net := f.row(t, "a").Figures[Network]; net.Text != "2.0 KiB/s" {
			t.Errorf("network: %+v", net)
		}
		f.put(t, "a", "net", "agent.network", traffic(9_000_000, 5)) // the counter began anew
		if net := f.row(t, "a").Figures[Network]; net.Known && net.Value != 0 {
			t.Errorf("network: %+v", net)
		}
	})
}

// A late result changes no figure unless it was made later, and says that the host delivers late.
func TestLateResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		cpu := func(v int) string { return fmt.Sprintf(`[[null,{"usage_average":{"t":"double","v":"%d"}}]]`, v) }
		f.put(t, "a", "cpu", "agent.cpu", cpu(10))
		f.put(t, "a", "cpu", "agent.cpu", cpu(90), func(r *intake.Result) { r.Late, r.Time = true, time.Now().Add(-time.Hour) })
		if got := f.row(t, "a").Figures[CPU].Value; got != 10 {
			t.Errorf("an older result that came late is shown: %v", got)
		}
		f.put(t, "b", "cpu", "agent.cpu", cpu(10))
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		a, b := f.row(t, "a"), f.row(t, "b")
		if a.Situation != "silent; 3 h of results may be waiting there" || b.Situation != "down, or off the network" {
			t.Errorf("%q, %q", a.Situation, b.Situation)
		}
		for _, r := range []Row{a, b} {
			if !r.Stale || r.State != alarm.Silent || r.Health != report.Silent || !r.Figures[CPU].Known || r.Since.Sub(r.LastSeen) != time.Minute {
				t.Errorf("%+v", r)
			}
		}
	})
}

type marks map[intake.AgentNumber][]Mark

func (m marks) Marks(agent intake.AgentNumber) []Mark { return m[agent] }

func TestOrderOfRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		for _, agent := range []string{"web1", "c", "b", "a"} {
			f.put(t, agent, "cpu", "agent.cpu", `[]`)
		}
		time.Sleep(10 * time.Minute)
		for _, agent := range []string{"web1", "c", "b"} {
			f.put(t, agent, "cpu", "agent.cpu", `[]`)
		}
		agents, err := f.Agents(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		f.SetAlarms(marks{agents[2].Number: {{State: alarm.Warning}}, agents[3].Number: {{State: alarm.Critical}, {State: alarm.Warning}}})
		var got []string
		for _, r := range f.Rows(time.Now()) {
			got = append(got, r.ID+" "+r.Name+" "+r.State.String())
		}
		if want := "web1 WEB1 CRITICAL, a A SILENT, c C WARNING, b B OK"; strings.Join(got, ", ") != want {
			t.Errorf("%s, want %s", strings.Join(got, ", "), want)
		}
	})
}
