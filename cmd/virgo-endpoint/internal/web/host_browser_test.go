package web

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/browsertest"
	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// serveStories serves a page with the hosts of a store.
func serveStories(t *testing.T, charts *chart.Reader) string {
	t.Helper()
	login := somebody(watch.View)
	now := func() time.Time { return noon }
	answers := api.New(api.Options{Store: charts.Store.(*store.Store), Charts: charts, Login: login, Now: now})
	hosts := &fakeHosts{changes: make(chan live.Change), rows: []live.Row{{Agent: 1, ID: "a", Name: "web-a"}}}
	server := httptest.NewServer(newSite(t, Options{Login: login, Hosts: hosts, Charts: charts, API: answers, Now: now}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestHostInABrowser(t *testing.T) {
	browser := browsertest.Start(t)
	ago := func(minutes float64) time.Time { return noon.Add(-time.Duration(minutes * float64(time.Minute))) }
	charts := newStories(t,
		story{id: "a", begin: ago(30 * 60), period: time.Minute, outage: ago(150), outageEnd: ago(130), down: ago(60), downEnd: ago(52), reboot: ago(52)},
		story{id: "b", begin: ago(15), period: time.Minute})
	at := serveStories(t, charts)
	for _, width := range []int{360, 800, 1600} {
		for _, dark := range []bool{false, true} {
			name := fmt.Sprintf("host-%d", width)
			if dark {
				name += "-dark"
			}
			t.Run(name, func(t *testing.T) {
				page := browser.Page(t, browsertest.Look{Width: width, Height: 1400, Dark: dark, Now: noon})
				page.Open(at + "/hosts/a")
				page.Until("document.querySelectorAll('.plot canvas').length > 3")
				page.Shot(name)
				if got := browsertest.Eval[int](page, "document.documentElement.scrollWidth"); got > width {
					t.Errorf("%d pixels wide, of %d", got, width)
				}
			})
		}
	}
	page := browser.Page(t, browsertest.Look{Width: 1600, Height: 1400, Now: noon})
	for name, path := range map[string]string{"host-young": "/hosts/b?range=1h", "host-young-6h": "/hosts/b", "host-day": "/hosts/a?range=1d", "host-svg": "/hosts/a?draw=svg", "host-one": "/hosts/a?check=cpu&plot=usage", "host-info": "/hosts/a/info"} {
		page.Open(at + path)
		if name != "host-svg" && name != "host-info" {
			page.Until("document.querySelectorAll('.plot canvas').length > 0")
		}
		page.Shot(name)
	}
}
