package chart

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

func showRuns(runs []Run) string {
	var parts []string
	minute := func(ms int64) float64 { return time.UnixMilli(ms).Sub(epoch).Minutes() }
	for _, r := range runs {
		would := ""
		if r.Would {
			would = "?"
		}
		parts = append(parts, fmt.Sprintf("%g-%g %s%s", minute(r.From), minute(r.To), r.State, would))
	}
	return strings.Join(parts, ", ")
}

func TestTimeline(t *testing.T) {
	h := newHost(t)
	for _, m := range []float64{0, 1, 2, 3, 4, 5, 9, 10, 12} {
		h.put(post{"agent.cpu", "cpu", m, "usage_average=1 percent", m == 3 || m == 4})
	}
	h.put(post{"agent.cpu", "cpu", 11, "", false}, post{"agent.plugin", "never", 2, "", false})
	h.Changes = func(_ context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error {
		for _, c := range []watch.Change{
			{Key: watch.Key{CheckID: "cpu"}, At: minutes(-5), Until: minutes(1), State: alarm.Warning, Text: "x"},
			{Key: watch.Key{CheckID: "cpu"}, At: minutes(1), Until: minutes(9), State: alarm.OK},
			{Key: watch.Key{CheckID: "cpu"}, At: minutes(3), Until: minutes(4), State: alarm.Critical, Kind: watch.Late},
			{Key: watch.Key{}, At: minutes(7), Until: minutes(9), State: alarm.Silent},
			{Key: watch.Key{CheckID: "cpu"}, At: minutes(12), State: alarm.Critical},
		} {
			if err := fn(c); err != nil {
				return err
			}
		}
		return nil
	}
	line, err := h.Timeline(t.Context(), Query{AgentID: "web1", From: epoch, To: minutes(20)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"":      "7-9 silent",
		"cpu":   "0-1 warning, 1-3 ok, 3-4 critical?, 4-5 late, 5-6 ok, 9-11 ok, 11-12 unavailable, 12-20 critical",
		"never": "2-3.25 unavailable",
	}
	if len(line.Rows) != len(want) || line.Rows[0].CheckID != "" || line.Rows[1].CheckID != "cpu" {
		t.Errorf("%+v", line.Rows)
	}
	for _, row := range line.Rows {
		if got := showRuns(row.Runs); got != want[row.CheckID] {
			t.Errorf("%q: %s\nwant %s", row.CheckID, got, want[row.CheckID])
		}
	}
}

func TestRunsAreBounded(t *testing.T) {
	var spans []Run
	for i := range int64(10 * MaxRuns) {
		spans = append(spans, Run{State: []string{okRun, "critical"}[i%2], From: i * 10, To: i*10 + 10})
	}
	runs := flatten(spans, 0, 10*10*MaxRuns)
	if len(runs) > MaxRuns || !slices.ContainsFunc(runs, func(r Run) bool { return r.State == "critical" }) {
		t.Errorf("%d runs", len(runs))
	}
}

func TestTop(t *testing.T) {
	h := newHost(t)
	for m := range 10 {
		h.put(post{"agent.filesystem", "fs", float64(m), fmt.Sprintf("/:used=%d kilobytes,/:avail=50 kilobytes,/srv:used=1 kilobytes,/srv:avail=99 kilobytes", 50), false})
	}
	ask := TopQuery{Hosts: []Host{{"web1", "Web"}, {"gone", "gone"}}, CheckType: "agent.filesystem", Figure: "space", From: epoch, To: minutes(20), Top: 10}
	top, err := h.Top(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if len(top.Ranked) != 2 || top.Ranked[0] != (Ranked{"web1", "Web", "fs", "/", 50, 50, 50}) || top.Ranked[1].Mean != 1 || top.Hosts != 1 {
		t.Errorf("%+v", top.Ranked)
	}
	if len(top.Plots) != 1 || top.Plots[0].Unit != "percent" || top.Plots[0].Lines[1].Name != "Web /srv" || len(top.Plots[0].X) != 10 {
		t.Errorf("%+v", top.Plots)
	}
	if !slices.Contains(top.Known, NamedPlot{"agent.filesystem", "avail", "Disk space left"}) {
		t.Errorf("%+v", top.Known)
	}
	ask.Top, ask.Least = 1, true
	if top, err = h.Top(t.Context(), ask); err != nil || len(top.Ranked) != 1 || top.Ranked[0].Dimension != "/srv" {
		t.Errorf("%+v %v", top.Ranked, err)
	}
}

// Hosts report at different times: each keeps its straight line, and its gaps.
func TestTopJoinsLines(t *testing.T) {
	best := make([]candidate, 2)
	minute := int64(60_000)
	best[0].values = []value{{at: 0, y: 1}, {at: minute, y: 2}, {at: 2 * minute, y: 3}, {at: 3 * minute, y: 4}, {at: 4 * minute, y: 5}}
	best[1].values = []value{{at: 0, y: 10}, {at: 2 * minute, y: 20}, {at: 4 * minute, y: 30, broke: true}}
	top := Top{Step: 0}
	top.draw(best)
	if got := fmt.Sprint(top.Plots[0].Lines[1].Y); got != "[10 15 20 NaN 30]" {
		t.Error(got)
	}
}
