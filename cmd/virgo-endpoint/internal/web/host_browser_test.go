package web

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/browsertest"
	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

func minutesAgo(n float64) time.Time { return noon.Add(-time.Duration(n * float64(time.Minute))) }

// usual is a host with a day of results; some came late, and for a while it was off.
func usual(id string) story {
	return story{id: id, begin: minutesAgo(30 * 60), period: time.Minute, outage: minutesAgo(150), outageEnd: minutesAgo(130),
		down: minutesAgo(60), downEnd: minutesAgo(52), reboot: minutesAgo(52)}
}

// serveStories serves a page with the hosts of a store.
func serveStories(t *testing.T, charts *chart.Reader, ids ...string) string {
	t.Helper()
	login := somebody(watch.View)
	now := func() time.Time { return noon }
	answers := api.New(api.Options{Store: charts.Store.(*store.Store), Charts: charts, Login: login, Now: now})
	hosts := &fakeHosts{changes: make(chan live.Change)}
	for i, id := range ids {
		hosts.rows = append(hosts.rows, live.Row{Agent: 1, ID: id, Name: "web-" + id, Tags: []string{"web", fmt.Sprint("rack", i)}, Health: "ok"})
	}
	server := httptest.NewServer(newSite(t, Options{Login: login, Hosts: hosts, Charts: charts, API: answers, Now: now}))
	t.Cleanup(server.Close)
	return server.URL
}

// drawn is true once plots are there.
const drawn = "document.querySelectorAll('.plot canvas').length > 0 && !document.querySelector('[aria-busy]')"

// Pictures of all views are for people: VIRGO_PICTURES names the folder.
func TestPicturesOfAHost(t *testing.T) {
	if os.Getenv("VIRGO_PICTURES") == "" {
		t.Skip("draws pictures: VIRGO_PICTURES names the folder")
	}
	browser := browsertest.Start(t)
	at := serveStories(t, newStories(t, usual("a"), story{id: "b", begin: minutesAgo(15), period: time.Minute},
		story{id: "c", begin: minutesAgo(60 * 24 * 400), period: 2 * time.Hour, outage: minutesAgo(60 * 24 * 100), outageEnd: minutesAgo(60 * 24 * 92), down: minutesAgo(60 * 24 * 200), downEnd: minutesAgo(60 * 24 * 185)}), "a", "b", "c")
	for _, width := range []int{360, 800, 1600} {
		for _, dark := range []bool{false, true} {
			if dark && width == 800 {
				continue
			}
			page := browser.Page(t, browsertest.Look{Width: width, Height: 1400, Dark: dark, Now: noon})
			for name, path := range map[string]string{"host": "/hosts/a", "host-young": "/hosts/b", "host-day": "/hosts/a?range=1d", "host-year": "/hosts/c?range=1y", "host-one": "/hosts/a?check=cpu&plot=usage",
				"host-svg": "/hosts/a?draw=svg", "host-info": "/hosts/a/info", "figure": "/figure?tag=web", "compare": "/compare?a=a&b=b"} {
				page.Open(at + path)
				if !strings.Contains(name, "svg") && !strings.Contains(name, "info") {
					page.Until(drawn)
				}
				if dark {
					name += "-dark"
				}
				page.Shot(fmt.Sprintf("%s-%d", name, width))
			}
		}
	}
}

// Drag, cursor and keys on a host's page, as a person uses them. The policy and requests to other sites are watched by
// package browsertest.
func TestPlotsInABrowser(t *testing.T) {
	browser := browsertest.Start(t)
	at := serveStories(t, newStories(t, usual("a")), "a")
	page := browser.Page(t, browsertest.Look{Width: 1200, Height: 1000, Now: noon})
	page.Open(at + "/hosts/a")
	page.Until(drawn)
	const first = "document.querySelector('.plot').chart"

	t.Run("a cold load is small", func(t *testing.T) {
		page.Until("document.querySelectorAll('.plot').length > 12")
		var sum int64
		list := page.Requests()
		for _, r := range list {
			sum += r.Bytes
		}
		if len(list) > 6 || sum > 100_000 || sum < 30_000 {
			t.Errorf("%d bytes in %d requests: %+v", sum, len(list), list)
		}
		t.Logf("%d bytes in %d requests", sum, len(list))
	})
	t.Run("late results are lighter", func(t *testing.T) {
		// The strongest colour of the columns of the canvas that show the same line, late and in time.
		light := func(minutes float64) int {
			return browsertest.Eval[int](page, fmt.Sprintf(`(() => {
				const u = %s.u, x = Math.round(u.valToPos(%d, "x", true)), d = u.ctx.getImageData(x, u.bbox.top, 1, u.bbox.height - 8).data;
				let least = 255;
				for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 120) least = Math.min(least, d[i]);
				return least;
			})()`, first, minutesAgo(minutes).Unix()))
		}
		if late, soon := light(140), light(170); late < soon+60 {
			t.Errorf("late %d, in time %d", late, soon)
		}
	})
	mouse := func(kind input.DispatchMouseEventType, share float64) {
		t.Helper()
		x := browsertest.Eval[float64](page, fmt.Sprintf("(() => { const r = %s.u.over.getBoundingClientRect(); return r.left + r.width * %g })()", first, share))
		y := browsertest.Eval[float64](page, fmt.Sprintf("%s.u.over.getBoundingClientRect().top + 60", first))
		var held []chromedp.MouseOption
		if kind != chromedp.MouseMoved {
			held = append(held, chromedp.ButtonType(input.MouseButtonLeft), chromedp.ClickCount(1))
		}
		page.Do(chromedp.MouseEvent(kind, x, y, held...))
	}
	t.Run("the cursor is shared", func(t *testing.T) {
		mouse(chromedp.MouseMoved, (360-140)/360.0) // among late results
		page.Until("[...document.querySelectorAll('.plot')].slice(0, 4).every(p => p.querySelector('.at') && !p.querySelector('.at').hidden)")
		times := browsertest.Eval[[]string](page, "[...document.querySelectorAll('.plot .at')].slice(0, 4).map(e => e.textContent)")
		if times[0] != times[3] || times[0] != "11:59:00" && times[0] != "12:00:00" { // in Berlin
			t.Errorf("%q", times)
		}
		page.Until("/^arrived 12:10, 1[01] min late$/.test(document.querySelector('.tip').textContent)")
	})
	t.Run("a drag changes the address and the data", func(t *testing.T) {
		mouse(chromedp.MouseMoved, .5)
		mouse(chromedp.MousePressed, .5)
		mouse(chromedp.MouseMoved, .75)
		mouse(chromedp.MouseReleased, .75)
		page.Until("location.search.includes('from=') && " + drawn + " && " + first + ".doc.to_ms - " + first + ".doc.from_ms < 5500e3")
		if got := browsertest.Eval[string](page, "document.querySelector('#span strong').textContent"); !strings.HasPrefix(got, "24 Nov, 11:2") && !strings.HasPrefix(got, "24 Nov, 11:1") {
			t.Errorf("%q", got)
		}
		page.Shot("host-zoomed")
		browsertest.Eval[bool](page, "history.back(), true")
		page.Until("!location.search.includes('from=') && " + first + ".doc.to_ms - " + first + ".doc.from_ms === 21600e3")
	})
	t.Run("keys", func(t *testing.T) {
		page.Do(chromedp.KeyEvent(kb.ArrowLeft)) // the arrow to the left
		page.Until("location.search.includes('from=2026-11-24T04%3A20')")
	})
}
