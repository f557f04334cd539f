package main

import (
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/intake"
)

// On a narrow terminal columns are left out in their order; those without drop stay.
func TestTableFits(t *testing.T) {
	tab := table{columns: []column{{head: "AGENT"}, {head: "STATE"}, {head: "SEEN", drop: 1}, {head: "TAGS", drop: 2, optional: true}, {head: "FROM", drop: 3}}}
	tab.row("database-1", "silent", "3m ago", "-", "192.0.2.1:1234")
	tab.row("w", "ok", "now", "", "192.0.2.2:1")
	for width, want := range map[int]string{
		0:  "AGENT       STATE   SEEN    FROM",
		44: "AGENT       STATE   SEEN    FROM",
		41: "AGENT       STATE   SEEN",
		25: "AGENT       STATE",
	} {
		text := string(tab.text(width, 0, false))
		if head, _, _ := strings.Cut(text, "\n"); head != want {
			t.Errorf("%d: %q, want %q", width, head, want)
		}
		for line := range strings.Lines(text) {
			if n := term.TextWidth(strings.TrimSuffix(line, "\n")); width >= 24 && n > width {
				t.Errorf("%d: %d columns: %q", width, n, line)
			}
		}
	}
	tab.rows[0][3].Text = "web"
	if head, _, _ := strings.Cut(string(tab.text(0, 0, false)), "\n"); head != "AGENT       STATE   SEEN    TAGS  FROM" {
		t.Errorf("%q", head)
	}
}

// A summary shows what says most first, whole values, and how many more there are.
func TestSummary(t *testing.T) {
	r := intake.Result{CheckType: "agent.memory", State: "available", Status: "success", Params: []byte(`{"metrics":[[null,{
		"actual_free":{"t":"uint64","v":"1073741824","u":"bytes"},"actual_used":{"t":"uint64","v":"536870912","u":"bytes"},
		"buffers":{"t":"uint64","v":"0","u":"bytes"},"total":{"t":"uint64","v":"2147483648","u":"bytes"}}],
		["eth0",{"name":{"t":"string","v":"a b"}}]]}`)}
	for _, test := range []struct {
		metric string
		width  int
		want   string
	}{
		{"", 0, "actual_used 512 MiB, actual_free 1.0 GiB, total 2.0 GiB, +2"},
		{"", 200, `actual_used 512 MiB, actual_free 1.0 GiB, total 2.0 GiB, buffers 0 B, eth0 name "a b"`},
		{"", 45, "actual_used 512 MiB, actual_free 1.0 GiB, +3"},
		{"", 24, "actual_used 512 MiB, +4"},
		{"", 1, "actual_used 512 MiB, +4"},
		{"total", 24, "2.0 GiB"},
		{"name", 24, `eth0 "a b"`},
	} {
		if got := strings.ReplaceAll(summary(&r, test.metric, test.width), "\u00a0", " "); got != test.want {
			t.Errorf("%q in %d: %q, want %q", test.metric, test.width, got, test.want)
		}
	}
	r.Status = "a bit low"
	if got := summary(&r, "", 24); got != "a bit low, +5" {
		t.Errorf("%q", got)
	}
	r.State, r.Params = "unavailable", []byte("{}")
	if got := said(&r, "", 80, false); got != "unavailable: a bit low" {
		t.Errorf("%q", got)
	}
	if got := said(&r, "", 80, true); got != "a bit low" {
		t.Errorf("%q", got)
	}
}

// The head of a column has the zone, and the day where all times are of one.
func TestMomentColumn(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	zone := zoneOf(noon)
	one := momentColumn{head: "TIME", byDay: true}
	one.add(noon)
	one.add(noon.Add(time.Hour))
	if got := one.name() + "|" + one.text(noon); got != "2026-03-01 "+zone+"|12:00:00" {
		t.Errorf("%s", got)
	}
	two := momentColumn{head: "TIME", byDay: true}
	two.add(noon)
	two.add(noon.AddDate(0, 0, 1))
	if got := two.name() + "|" + two.text(noon) + "|" + two.text(time.Time{}); got != "TIME ("+zone+")|2026-03-01 12:00:00|never" {
		t.Errorf("%s", got)
	}
	none := momentColumn{head: "TIME"}
	none.add(time.Time{})
	if got := none.name() + "|" + none.text(time.Time{}); got != "TIME|never" {
		t.Errorf("%s", got)
	}
	if got := zoneOf(noon.In(time.FixedZone("", 5*3600+1800))); got != "UTC+05:30" {
		t.Errorf("%s", got)
	}
}

func TestInstant(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"1h": now.Add(-time.Hour), "90s": now.Add(-90 * time.Second), "7d": now.AddDate(0, 0, -7),
		"2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local), "2026-03-01 15:04": time.Date(2026, 3, 1, 15, 4, 0, 0, time.Local),
		"2026-03-01T15:04:05Z": time.Date(2026, 3, 1, 15, 4, 5, 0, time.UTC), "2026-03-01T15:04": time.Date(2026, 3, 1, 15, 4, 0, 0, time.Local),
	} {
		if got, err := instant(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1h", "yesterday", "2026-13-01", "1w", "99999d"} {
		if got, err := instant(text, now); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}
