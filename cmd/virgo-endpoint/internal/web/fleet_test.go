package web

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/fleettest"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// fleetSite is the page of hosts over a real store.
func fleetSite(t testing.TB, f fleettest.Fleet, now func() time.Time) *Site {
	t.Helper()
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if _, err := store.Create(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	f.Fill(t, st)
	table := live.New(st, now)
	ctx, cancel := context.WithCancel(t.Context())
	changes, ended := table.Subscribe(ctx), make(chan error, 1)
	go func() { ended <- table.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		st.Close()
	})
	for !table.Loaded() {
		select {
		case <-changes:
		case <-time.After(time.Minute):
			t.Fatal("the fleet was not read within a minute")
		}
	}
	return newSite(t, Options{Login: somebody(watch.View), Hosts: table, Now: now})
}

// What is stored is what the page shows.
func TestPageOfAStoredFleet(t *testing.T) {
	f := fleettest.Fleet{Hosts: 12, Every: time.Minute, From: noon.Add(-5 * time.Minute), To: noon}
	s := fleetSite(t, f, func() time.Time { return noon })
	text := body(t, get(t, s, "/"))
	last := noon.Add(-f.Every)
	for n := range f.Hosts {
		_, row, ok := strings.Cut(text, `<a href="/hosts/`+fleettest.ID(n)+`">`)
		row, _, _ = strings.Cut(row, "</tr>")
		for figure, key := range []string{"cpu", "memory", "disk"} {
			want := fmt.Sprintf(`<td class="%s" data-v="%d"`, key, fleettest.Percent(n, figure, last))
			if !ok || !strings.Contains(row, want) {
				t.Errorf("%s: the row has no %s:\n%s", fleettest.ID(n), want, row)
			}
		}
	}
	if !strings.Contains(text, "All is well: 12 hosts") {
		t.Error("not all is well")
	}
	later := fleetSite(t, f, func() time.Time { return noon.Add(10 * time.Minute) })
	if text := body(t, get(t, later, "/")); !strings.Contains(text, "12 silent of 12 hosts") || !strings.Contains(text, ">10 min ago</time>") {
		t.Errorf("ten minutes later: %s", text)
	}
}

// BenchmarkStoredFleet100 is the page of 100 hosts, over a real store.
func BenchmarkStoredFleet100(b *testing.B) {
	s := fleetSite(b, fleettest.Fleet{Hosts: 100, Every: time.Minute, From: noon.Add(-10 * time.Minute), To: noon}, func() time.Time { return noon })
	for b.Loop() {
		if res := get(b, s, "/", "Accept-Encoding", "gzip"); res.StatusCode != 200 {
			b.Fatal(res.Status)
		}
	}
}
