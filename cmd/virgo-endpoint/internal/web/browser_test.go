package web

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"virgo/cmd/virgo-endpoint/internal/browsertest"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// serveSite serves the pages of hosts to a browser.
func serveSite(t *testing.T, hosts *fakeHosts, login Login) string {
	t.Helper()
	site := newSite(t, Options{Login: login, Hosts: hosts, Alarms: alarmsOf(hosts), Now: func() time.Time { return noon },
		PublicTags: func(context.Context) ([]string, error) { return []string{"fra"}, nil },
		Setup: func() Setup {
			return Setup{Endpoint: "monitor.example.com:50041", Pin: "sha256:" + strings.Repeat("0123456789abcdef", 4), OnlyHere: true, Listen: "serve --listen :50041"}
		}})
	server := httptest.NewServer(site)
	t.Cleanup(func() {
		site.Stop()
		server.Close()
	})
	return server.URL
}

func TestPagesInABrowser(t *testing.T) {
	browser := browsertest.Start(t)
	look := browsertest.Look{Width: 1600, Height: 900, Now: noon}
	t.Run("looks", func(t *testing.T) {
		type one struct {
			name, path string
			hosts      int
			login      Login
			all        bool // every width in both colours; else the smallest dark and the widest light
		}
		ann := somebody(watch.Admin)
		for _, c := range []one{
			{"hosts-1", "/", 1, ann, false},
			{"hosts-20", "/", 20, ann, true},
			{"hosts-500", "/", 500, ann, false},
			{"hosts-none-found", "/?q=nothing", 20, ann, false},
			{"alarms", "/alarms", 20, ann, true},
			{"first", "/", 0, ann, true},
			{"status", "/status/fra", 20, nobody(), false},
			{"login", "/login?next=/alarms", 1, nobody(), false},
			{"account", "/account", 1, ann, false},
			{"code", "/code/abc", 1, nobody(), false},
			{"error", "/nowhere", 1, ann, false},
		} {
			t.Run(c.name, func(t *testing.T) {
				page := browser.Page(t, look)
				at := serveSite(t, fleet(c.hosts), c.login)
				if c.name == "error" {
					page.Expect("404")
				}
				page.Open(at + c.path)
				for _, width := range []int{360, 800, 1600} {
					for _, dark := range []bool{false, true} {
						if !c.all && (width == 800 || dark != (width == 360)) {
							continue
						}
						page.Resize(width, 900, dark)
						page.Check()
						page.Shot(fmt.Sprintf("%s-%d%s", c.name, width, map[bool]string{true: "-dark"}[dark]))
					}
				}
			})
		}
	})
	t.Run("search, states and order are in the address", func(t *testing.T) {
		page := browser.Page(t, look)
		at := serveSite(t, fleet(20), somebody(watch.View))
		page.Open(at)
		// A key of the protocol types its character even where the page has taken the key.
		browsertest.Eval[bool](page, `document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true }))`)
		page.Do(chromedp.KeyEvent("ams"))
		page.Until(`location.search === "?q=ams"`)
		shown := `[...document.querySelectorAll("#hosts tbody tr:not([hidden]) a")].map(a => a.textContent)`
		found := browsertest.Eval[[]string](page, shown)
		if len(found) != 8 {
			t.Errorf("found %q", found)
		}
		page.Do(chromedp.Click(chromedp.CSS(`#hosts [data-sort=cpu]`)), chromedp.Click(chromedp.CSS(`[data-state=ok]`)))
		page.Until(`location.search === "?q=ams&sort=-cpu&state=ok"`)
		sorted := browsertest.Eval[[]string](page, shown)
		page.Open(at + browsertest.Eval[string](page, `location.search`))
		if again := browsertest.Eval[[]string](page, shown); !slices.Equal(again, sorted) || slices.Equal(sorted, found) || len(sorted) == 0 {
			t.Errorf("the script shows %q, the server %q, before it was %q", sorted, again, found)
		}
		if order := browsertest.Eval[string](page, `document.querySelector("#hosts th.cpu").getAttribute("aria-sort")`); order != "descending" {
			t.Errorf("aria-sort %q", order)
		}
		page.Do(chromedp.NavigateBack())
		page.Until(`location.search === "?q=ams&sort=-cpu"`)
	})
	t.Run("keys", func(t *testing.T) {
		page := browser.Page(t, look)
		page.Open(serveSite(t, fleet(20), somebody(watch.View)))
		page.Do(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"), chromedp.KeyEvent("j"))
		if got := browsertest.Eval[string](page, `document.activeElement.textContent`); got != "cache-fra-01" {
			t.Errorf("at %q", got)
		}
		page.Do(chromedp.KeyEvent("?"))
		page.Until(`document.getElementById("keys").open`)
		page.Do(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("g"), chromedp.KeyEvent("a"))
		page.Until(`location.pathname === "/alarms" && document.readyState === "complete"`)
	})
	t.Run("a host changes", func(t *testing.T) {
		page := browser.Page(t, look)
		hosts := fleet(20)
		page.Open(serveSite(t, hosts, somebody(watch.View)))
		hosts.change(15, func(r *live.Row) {
			r.State = alarm.Critical
			r.Alarms = []live.Mark{{State: alarm.Critical, Text: "swap <b>full</b>", Since: noon}}
			r.Figures[live.CPU] = share(77, "")
		})
		page.Until(`document.querySelector("#h15 small span")?.textContent === "critical: swap <b>full</b>"`)
		page.Until(`document.querySelector("#hosts tbody tr").id === "h15"`) // before the other critical one, by name
		page.Until(`document.title === "(5) Hosts – virgo" && document.querySelector("h1").textContent.startsWith("2 critical")`)
		if all := page.Requests(); len(all) > 4 { // page, style, script, stream
			t.Errorf("the page was loaded again: %v", all)
		}
		var all live.Change
		all.Resync = true
		hosts.change(16, func(r *live.Row) { r.Figures[live.CPU] = share(11, "") })
		hosts.changes <- all
		page.Until(`document.querySelector("#h16 td.cpu span").textContent === "11 %"`)
	})
	t.Run("the first host arrives", func(t *testing.T) {
		page := browser.Page(t, look)
		hosts := fleet(0)
		page.Open(serveSite(t, hosts, somebody(watch.Admin)))
		one := fleet(1).rows[0]
		figures := one.Figures
		one.Figures = [live.Figures]live.Figure{}
		hosts.add(one)
		page.Until(`document.getElementById("waiting").textContent.includes("web-fra-01 is here")`)
		page.Expect("404") // the page of one host is tested with its plots
		hosts.change(1, func(r *live.Row) { r.Figures = figures })
		page.Until(`location.pathname + location.search === "/hosts/web-fra-01?range=15m"`)
	})
	t.Run("dark is remembered", func(t *testing.T) {
		page := browser.Page(t, look)
		at := serveSite(t, fleet(1), somebody(watch.View))
		page.Open(at)
		page.Do(chromedp.Click(chromedp.CSS("#theme")))
		page.Open(at)
		if got := browsertest.Eval[string](page, `document.documentElement.dataset.theme`); got != "dark" {
			t.Errorf("theme %q", got)
		}
		page.Check()
	})
	t.Run("printed", func(t *testing.T) {
		page := browser.Page(t, look)
		page.Open(serveSite(t, fleet(20), somebody(watch.View)))
		page.Media("print")
		if got := browsertest.Eval[int](page, `[...document.querySelectorAll("#hosts tbody tr")].filter(r => r.getClientRects().length).length`); got != 20 {
			t.Errorf("%d of 20 hosts", got)
		}
		if browsertest.Eval[bool](page, `document.querySelector(".top").getClientRects().length > 0`) {
			t.Error("the bar with links is printed")
		}
	})
	t.Run("a cold load is small", func(t *testing.T) {
		page := browser.Page(t, look)
		page.Open(serveSite(t, fleet(500), somebody(watch.View)))
		page.Until(`performance.getEntriesByType("resource").length >= 2`)
		var bytes int64
		var list []string
		for _, r := range page.Requests() {
			bytes += r.Bytes
			list = append(list, fmt.Sprintf("%d %s", r.Bytes, r.URL))
		}
		t.Logf("%d bytes in %d requests: %s", bytes, len(list), strings.Join(list, ", "))
		if bytes > 100_000 || bytes < 10_000 || len(list) > 6 {
			t.Errorf("%d bytes in %d requests: %s", bytes, len(list), strings.Join(list, ", "))
		}
	})
}

// change changes the row of a host, and tells of it.
func (f *fakeHosts) change(agent intake.AgentNumber, do func(*live.Row)) {
	f.mu.Lock()
	do(&f.rows[slices.IndexFunc(f.rows, func(r live.Row) bool { return r.Agent == agent })])
	f.mu.Unlock()
	f.changes <- live.Change{Hosts: []intake.AgentNumber{agent}}
}

func (f *fakeHosts) add(r live.Row) {
	f.mu.Lock()
	f.rows = append(f.rows, r)
	f.mu.Unlock()
	f.changes <- live.Change{Hosts: []intake.AgentNumber{r.Agent}}
}
